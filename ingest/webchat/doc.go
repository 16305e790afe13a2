// Package webchat is the channel adapter of the chat widget: what customers write goes to identity.in, what outbound holds
// for them goes to their browsers.
//
// It promises that a customer's message is answered "accepted" only when all in-sync replicas have it; that a browser,
// however often it reconnects and to whichever process, is sent every message of its chat that it may lack, each under an
// id by which it drops repeats; that a browser is let in only from the entry point's origins and with a token of its own;
// that a file is given only to the visitor whose conversation it is of; that a site's user is whoever the site signed for with the
// entry point's secret, and nobody else; that who only looks leaves nothing in the store or the log, as a pseudonym and its key are made with the first message;
// and that sizes, rates, connections and memory are bounded.
//
// It does not decide what a chat is: it shows the deliveries that outbound asks for. It keeps the latest messages of a
// chat as places in the log, never their contents. It does not promise that a browser shows what it was sent: only the
// browser's acknowledgement says so, which goes to identity.in as a receipt.
package webchat
