package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/tributary-cc/tributary/stream/live"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// kind is whose fault a failure is and what the caller may do.
type kind uint8

const (
	kindInternal kind = iota
	kindInvalid
	kindUnauthenticated
	kindDenied
	kindNotFound
	kindConflict
	kindTooLarge
	kindMedia
	kindRate
	kindTransient
)

// fault is a failure as a person at a screen may see it. Code is a word that screens translate; Text is for those who
// read the answer itself. Neither holds personal data or the text of an unknown error.
type fault struct {
	kind kind
	Code string `json:"code"`
	Text string `json:"text"`
}

func (f *fault) Error() string { return f.Code + ": " + f.Text }

func invalid(text string) error  { return &fault{kindInvalid, "invalid", text} }
func denied(text string) error   { return &fault{kindDenied, "denied", text} }
func notFound(text string) error { return &fault{kindNotFound, "not_found", text} }
func conflict(text string) error { return &fault{kindConflict, "conflict", text} }

func unavailable(text string) error { return &fault{kindTransient, "unavailable", text} }

var errCsrf = &fault{kindDenied, "csrf", "the header " + csrfHeader + " is missing or wrong"}

var errRate = &fault{kindRate, "rate", "too many requests; wait a moment and try again"}

// asFault is the one place where an error becomes what the caller sees: what is unknown is internal, and says no more.
func asFault(err error) *fault {
	var f *fault
	var size *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &size):
		return &fault{kindTooLarge, "too_large", "the request is too large"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &fault{kindTransient, "unavailable", "no answer in time; the same request may be sent again"}
	}
	if errors.Is(err, privacy.ErrFull) {
		return &fault{kindTransient, "unavailable", "the disk here is nearly full, so nothing new is taken; the same request may be sent again later"}
	}
	if f = fileFault(err); f != nil {
		return f
	}
	if f = accessFault(err); f != nil {
		return f
	}
	return &fault{kindInternal, "internal", "something went wrong here; the same request may be sent again"}
}

// fileFault maps the kinds of files.
func fileFault(err error) *fault {
	switch {
	case errors.Is(err, privacy.ErrFileTooLarge):
		return &fault{kindTooLarge, "too_large", "a file has at most 10 MiB"}
	case errors.Is(err, privacy.ErrMediaType):
		return &fault{kindMedia, "media_type", "pictures (png, jpeg, gif, webp), pdf and plain text are taken"}
	case errors.Is(err, privacy.ErrNoFile):
		return &fault{kindNotFound, "not_found", "there is no such file"}
	}
	return nil
}

// status maps a kind to HTTP.
func (k kind) status() int {
	switch k {
	case kindInvalid:
		return http.StatusBadRequest
	case kindUnauthenticated:
		return http.StatusUnauthorized
	case kindDenied:
		return http.StatusForbidden
	case kindNotFound:
		return http.StatusNotFound
	case kindConflict:
		return http.StatusConflict
	case kindTooLarge:
		return http.StatusRequestEntityTooLarge
	case kindMedia:
		return http.StatusUnsupportedMediaType
	case kindRate:
		return http.StatusTooManyRequests
	case kindTransient:
		return http.StatusServiceUnavailable
	case kindInternal:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

func writeFault(w http.ResponseWriter, err error) {
	f := asFault(err)
	if f.kind == kindTransient || f.kind == kindRate {
		w.Header().Set("Retry-After", "1")
	}
	live.WriteJSON(w, f.kind.status(), f)
}
