package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
	"github.com/tributary-cc/tributary/stream/privacy"
)

const (
	maxAttachments = 10
	// fileTimeout bounds how long a file may take on its way in or out: a slow line must not hold a place for ever.
	fileTimeout = 2 * time.Minute
	// uploadRate and uploadBurst bound the files of one account.
	uploadRate, uploadBurst = 0.5, 20
	// uploadUnit is what their volume is counted in: so many units an hour for an account, and as many at once.
	uploadUnit  = 1 << 20
	uploadUnits = 256
	// maxLimited is how many accounts are counted at once.
	maxLimited = 10_000
)

// Files keep what is attached to messages, sealed with the address's key; privacy's are.
type Files interface {
	Seal(ctx context.Context, tenant, ref string, r io.Reader) (privacy.FileInfo, error)
	Stat(ctx context.Context, tenant, file string) (privacy.FileInfo, error)
	Copy(ctx context.Context, tenant string, info privacy.FileInfo, w io.Writer) error
	// Keep says that a message is about to name a file, which else is swept after a day.
	Keep(ctx context.Context, tenant, file string) error
}

var _ Files = (*privacy.Files)(nil)

type fileView struct {
	File      string `json:"file"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
	Name      string `json:"name"`
}

var errNoFiles = &fault{kindNotFound, "not_available", "this installation takes no files"}

// isFileName: a name is shown and sealed with its message; it is no path and holds nothing that a screen does not show.
func isFileName(name string) bool {
	n := utf8.RuneCountInString(name)
	return n > 0 && n <= privacy.MaxFileName && utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool {
		return r == '/' || r == '\\' || !unicode.IsPrint(r)
	})
}

// putFile takes a file for a contact from its holder. What it is its bytes say, not its name and not the browser.
func (s *Server) putFile(w http.ResponseWriter, r *http.Request, who person) error {
	if s.config.Files == nil {
		return errNoFiles
	}
	query := r.URL.Query()
	contact, name := query.Get("contact"), query.Get("name")
	if !isID(contact, maxID) || !isFileName(name) {
		return invalid("contact: its id; name: 1 to 200 characters without / and \\")
	}
	k, err := s.contactFor(r.Context(), who, contact)
	if err != nil {
		return err
	}
	switch {
	case !who.can(access.ActionContactWrite) || who.Agent == "" || k.agent != who.Agent:
		return denied("the contact is with somebody else")
	case k.state != event.ContactState_CONTACT_STATE_ASSIGNED:
		return conflict("the contact has ended")
	case !s.uploads.Take(who.account(), s.now()):
		return errRate
	case !s.takeVolume(who, r.ContentLength):
		return &fault{kindRate, "quota", "these were too many megabytes for an hour; wait a while, or send smaller files"}
	}
	info, err := s.config.Files.Seal(r.Context(), who.Tenant, k.address, r.Body)
	if err != nil {
		return err
	}
	live.WriteJSON(w, http.StatusOK, fileView{info.File, info.MediaType, info.Size, privacy.FileName(name, info.MediaType)})
	return nil
}

// takeVolume counts a file against what an account may send in an hour, as long as it says it is, or as the longest.
func (s *Server) takeVolume(who person, length int64) bool {
	if length < 0 || length > privacy.MaxFile {
		length = privacy.MaxFile
	}
	for range (length + uploadUnit - 1) / uploadUnit {
		if !s.volume.Take(who.account(), s.now()) {
			return false
		}
	}
	return true
}

// getFile gives a file to who may read what was said over its address. To open one is to read content: it is audited.
func (s *Server) getFile(w http.ResponseWriter, r *http.Request, who person) error {
	if s.config.Files == nil {
		return errNoFiles
	}
	file := r.PathValue("file")
	if !isID(file, maxID) || strings.Contains(file, "/") {
		return notFound("there is no such file")
	}
	info, err := s.config.Files.Stat(r.Context(), who.Tenant, file)
	if err != nil {
		return err
	}
	holds, err := s.holdsAddress(r.Context(), who, info.Ref)
	if err != nil {
		return err
	}
	if !holds {
		if holds, err = s.seesFile(r.Context(), who, file, r.URL.Query().Get("conversation")); err != nil {
			return err
		}
	}
	if err = s.allowed(r.Context(), who, "file/"+file, holds); err != nil {
		return err
	}
	out := &fileWriter{w: w, info: &info}
	if err = s.config.Files.Copy(r.Context(), who.Tenant, info, out); err != nil && !out.begun {
		return err
	}
	if err != nil { // the length was announced: a part that does not open cannot look like the end of the file
		s.logger.LogAttrs(r.Context(), slog.LevelWarn, "a file was not given whole", slog.String("error", err.Error()))
	}
	return nil
}

// seesFile tells whether somebody sees a file otherwise than by holding a contact of its address: who reviews all sees any, others
// one that a message names which they may read, and say in which conversation.
func (s *Server) seesFile(ctx context.Context, who person, file, conversation string) (bool, error) {
	if who.mayReview() && !who.bound() {
		return true, nil
	}
	if !isID(conversation, maxID) {
		return false, nil
	}
	sees, err := s.sightOf(ctx, who, conversation)
	if err != nil || sees == nil {
		return false, err
	}
	rows, err := s.query(ctx, queryFileContacts, map[string]any{"tenant": who.Tenant, "conversation": conversation, "file": file})
	return slices.ContainsFunc(rows, func(row map[string]any) bool { return sees.contact(str(row["contact"])) }), err
}

// fileWriter answers with the headers of a file once its first part is there.
type fileWriter struct {
	w     http.ResponseWriter
	info  *privacy.FileInfo
	begun bool
}

// Write passes a part on.
func (f *fileWriter) Write(part []byte) (int, error) {
	if !f.begun {
		f.begun = true
		h := f.w.Header()
		h.Set("Content-Type", f.info.MediaType)
		if f.info.MediaType == privacy.MediaText {
			h.Set("Content-Type", privacy.MediaText+"; charset=utf-8")
		}
		h.Set("Content-Length", strconv.FormatInt(f.info.Size, 10))
		h.Set("Cache-Control", "private, no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
		if !strings.HasPrefix(f.info.MediaType, "image/") {
			h.Set("Content-Disposition", "attachment") // a name here would beat the one by which the page saves it
		}
	}
	return f.w.Write(part)
}

// holdsAddress reports whether the person holds a contact over an address.
func (s *Server) holdsAddress(ctx context.Context, who person, address string) (bool, error) {
	if who.Agent == "" || !who.can(access.ActionContactRead) {
		return false, nil
	}
	held, _, err := s.contactsFor(ctx, who, s.view.heldBy(who.Tenant, who.Agent))
	return slices.ContainsFunc(held, func(k *contactRef) bool { return k.address == address }), err
}

// attached are the files that a message names: each must have been given for the contact's address.
func (s *Server) attached(ctx context.Context, tenant string, k *contactRef, list []attachment) ([]*event.Attachment, []string, error) {
	if len(list) == 0 {
		return nil, nil, nil
	}
	if len(list) > maxAttachments {
		return nil, nil, invalid("attachments: at most 10")
	}
	if s.config.Files == nil {
		return nil, nil, errNoFiles
	}
	files, names := make([]*event.Attachment, 0, len(list)), make([]string, 0, len(list))
	for _, a := range list {
		if !isID(a.File, maxID) || !isFileName(a.Name) {
			return nil, nil, invalid("attachments: file and name of each")
		}
		info, err := s.config.Files.Stat(ctx, tenant, a.File)
		ours := err == nil && info.Ref == k.address
		if ours {
			err = s.config.Files.Keep(ctx, tenant, a.File)
		}
		if errors.Is(err, privacy.ErrNoFile) || err == nil && !ours {
			return nil, nil, notFound("attachments: there is no such file for this contact")
		}
		if err != nil {
			return nil, nil, err
		}
		files = append(files, &event.Attachment{File: a.File, MediaType: info.MediaType, Size: uint64(info.Size)}) //nolint:gosec // at most 10 MiB
		names = append(names, privacy.FileName(a.Name, info.MediaType))
	}
	return files, names, nil
}
