// Package privacy finds, masks and seals personal data, and its guard is the only way to append.
//
// It promises: what people say and who they are reaches the log only as ciphertext under a key of their address, wrapped
// by the master key ([KeyStore], [Guard]); deleting that key ([KeyStore.Erase]) makes everything sealed with it unreadable,
// here at once and in other processes after [EraseAge]; an address is known outside of seals by a random
// pseudonym only; an event whose clear fields hold a telephone number, an e-mail address, an identity card or a bank card
// is refused ([Guard.Check]); text that is shown is masked for these kinds ([Mask]); files are kept under the key of the address
// that they were sent over, by what their bytes are and not by what they are called ([Files]).
//
// It does not promise: to find names, places or what a person hides on purpose in words; to know whether a number of
// eleven digits is somebody's telephone or an order; to protect against whoever holds the master key and the key objects
// together. Who may open a seal is asked of package access by the caller; this package opens for everybody who has the
// store and the master key.
package privacy
