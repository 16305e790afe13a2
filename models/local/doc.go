// Package local holds the models that run in the process: intent classifiers that answer in tens of microseconds and need no server.
//
// A model is words, pairs of words and n-grams of characters (of Chinese, characters), weighed by TF-IDF, and a linear support vector
// machine per label, in whole numbers of eight bits. It is trained from labelled texts in seconds, by the same seed to the same bytes on
// the same kind of processor, and is one file.
//
// It promises: an answer for any text, of any length and any bytes, in bounded time (the first MaxText bytes are read); calibrated
// confidences, measured on texts the model had not seen; where a model was taught what customers wrote before a text, that it is read when
// there is any, and that a text alone is answered as by a model taught texts alone; no allocation besides the answer; a decoder that takes no file but what Encode
// writes. It does not promise to understand: it knows no word that its examples lack, and of what went before at most the customer's last turns.
package local
