package webchat

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/privacy"
)

const (
	maxAttachments = 5
	// carryTime is how long a file may be under way: 10 MiB over a slow telephone.
	carryTime = 3 * time.Minute
	// sweepFilesEvery is how often files that no message named are looked for.
	sweepFilesEvery = 10 * time.Minute
	// volumeUnit is what a visitor's volume is counted in.
	volumeUnit = 1 << 20
)

// Files keeps what is attached to messages; privacy's files are one.
type Files interface {
	Seal(ctx context.Context, tenant, ref string, r io.Reader) (privacy.FileInfo, error)
	Stat(ctx context.Context, tenant, file string) (privacy.FileInfo, error)
	Copy(ctx context.Context, tenant string, info privacy.FileInfo, w io.Writer) error
	// Keep says that a message is about to name a file; Sweep takes away those that none named in time.
	Keep(ctx context.Context, tenant, file string) error
	Sweep(ctx context.Context) (swept int, err error)
}

var _ Files = (*privacy.Files)(nil)

var errNoFile = &fault{status: http.StatusNotFound, Code: "not_found", Text: "there is no such file in this chat"}

// file is an attachment as browsers see it, and name it when they send it.
type file struct {
	File      string `json:"file"`
	Name      string `json:"name,omitempty"`
	MediaType string `json:"media_type,omitempty"`
	Size      uint64 `json:"size,omitempty"`
}

// bearer is the visitor whose token a request carries, and the entry point that the page may show.
func (s *Server) bearer(r *http.Request) (access.Visitor, entryPoint, error) {
	if err := s.Ready(); err != nil || s.stopped.Load() {
		return access.Visitor{}, entryPoint{}, &fault{status: http.StatusServiceUnavailable, Code: "unavailable", Text: "the chat is starting; try again"}
	}
	if s.config.Files == nil {
		return access.Visitor{}, entryPoint{}, &fault{status: http.StatusNotFound, Code: "not_found", Text: "files are not taken here"}
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	v, err := s.config.Tokens.VerifyVisitor(token)
	if !ok || err != nil || v.Visitor == "" {
		return v, entryPoint{}, &fault{status: http.StatusUnauthorized, Code: "token", Text: "the token is not accepted; ask for a new session"}
	}
	origin := r.Header.Get("Origin")
	if origin == "" && r.Method == http.MethodGet {
		// A browser names no origin where a page of ours asks for what is ours; others' pages it always names. The token decides.
		e, findErr := s.entries.find(v.Tenant + "/" + v.EntryPoint)
		return v, e, findErr
	}
	entry, err := s.admitted(r, v.Tenant+"/"+v.EntryPoint, origin)
	return v, entry, err
}

// upload takes a file of a visitor.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	s.allowPage(w, r)
	info, err := s.takeFile(w, r)
	if err != nil {
		// What is left of a body that is refused is not waited for.
		w.Header().Set("Connection", "close")
		s.writeFileFault(w, err)
		return
	}
	s.metrics.files.WithLabelValues("taken").Inc()
	writeJSON(w, file{File: info.File, MediaType: info.MediaType, Size: uint64(info.Size)}) //nolint:gosec // sizes are not negative
}

func (s *Server) takeFile(w http.ResponseWriter, r *http.Request) (privacy.FileInfo, error) {
	v, entry, err := s.bearer(r)
	if err != nil {
		return privacy.FileInfo{}, err
	}
	now, who, where := s.config.Now(), event.Key(v.Tenant, v.Visitor), s.clientIP(r)
	switch {
	case r.ContentLength > privacy.MaxFile:
		return privacy.FileInfo{}, privacy.ErrFileTooLarge
	case !s.uploads.Take(who, now), !s.carrying.Take(where):
		return privacy.FileInfo{}, errRate
	}
	defer s.carrying.Return(where)
	defer s.carry(w)()
	ctx, cancel := context.WithTimeout(r.Context(), carryTime)
	defer cancel()
	address, err := s.config.Pseudonyms.Pseudonym(ctx, v.Tenant, "webchat:"+v.Visitor)
	if err != nil {
		return privacy.FileInfo{}, err
	}
	body := &metered{r: http.MaxBytesReader(w, r.Body, privacy.MaxFile), take: func() bool {
		now := s.config.Now()
		return s.volume.Take(who, now) && s.siteVolume.Take(where, now)
	}}
	return s.config.Files.Seal(ctx, entry.tenant, string(address), body)
}

// carry lifts the server's limit for whole requests, which is for small ones, and ends this one after its own.
func (s *Server) carry(w http.ResponseWriter) (done func()) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{}) // where it cannot be set there is none
	timer := time.AfterFunc(carryTime, func() {
		past := time.Unix(1, 0)
		_, _ = c.SetReadDeadline(past), c.SetWriteDeadline(past)
	})
	return func() { timer.Stop() }
}

// metered asks leave for each unit of what is read.
type metered struct {
	r    io.Reader
	take func() bool
	left int
}

func (m *metered) Read(p []byte) (int, error) {
	if m.left <= 0 {
		if !m.take() {
			return 0, errRate
		}
		m.left = volumeUnit
	}
	n, err := m.r.Read(p[:min(len(p), m.left)])
	m.left -= n
	return n, err
}

// download gives a visitor a file of their own conversation: one that is sealed with their address's key.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	s.allowPage(w, r)
	v, info, err := s.ownFile(r)
	if err != nil {
		s.writeFileFault(w, err)
		return
	}
	where := s.clientIP(r)
	if !s.carrying.Take(where) {
		s.writeFileFault(w, errRate)
		return
	}
	defer s.carrying.Return(where)
	defer s.carry(w)()
	h := w.Header()
	mediaType := info.MediaType
	if mediaType == privacy.MediaText {
		mediaType += "; charset=utf-8"
	}
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.FormatInt(info.Size, 10))
	// Never shown as a page of this origin: the widget draws pictures itself.
	h.Set("Content-Disposition", "attachment")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Cache-Control", "private, no-store")
	s.metrics.files.WithLabelValues("given").Inc()
	// Where it fails, fewer bytes come than the length says: the server closes the connection and the browser sees it.
	if err = s.config.Files.Copy(r.Context(), v.Tenant, info, w); err != nil && r.Context().Err() == nil {
		s.config.Logger.WarnContext(r.Context(), "a file could not be given", slog.String("error", err.Error()))
	}
}

func (s *Server) ownFile(r *http.Request) (access.Visitor, privacy.FileInfo, error) {
	v, _, err := s.bearer(r)
	if err != nil {
		return v, privacy.FileInfo{}, err
	}
	if !s.downloads.Take(event.Key(v.Tenant, v.Visitor), s.config.Now()) {
		return v, privacy.FileInfo{}, errRate
	}
	address, err := s.config.Pseudonyms.Lookup(r.Context(), v.Tenant, "webchat:"+v.Visitor)
	if errors.Is(err, privacy.ErrErased) {
		return v, privacy.FileInfo{}, errNoFile
	}
	if err != nil {
		return v, privacy.FileInfo{}, err
	}
	info, err := s.fileOf(r.Context(), v.Tenant, string(address), r.PathValue("file"))
	return v, info, err
}

// fileOf is a file if it is of the address: of others' it is not even told that there are any.
func (s *Server) fileOf(ctx context.Context, tenant, address, id string) (privacy.FileInfo, error) {
	info, err := s.config.Files.Stat(ctx, tenant, id)
	if errors.Is(err, privacy.ErrNoFile) || errors.Is(err, privacy.ErrErased) || err == nil && info.Ref != address {
		return privacy.FileInfo{}, errNoFile
	}
	return info, err
}

// attach checks what a message names: files of this visitor, as the door found them to be. The names are for the seal.
func (c *session) attach(ctx context.Context, files []file) (out []*event.Attachment, names []string, err error) {
	switch {
	case len(files) == 0:
		return nil, nil, nil
	case len(files) > maxAttachments:
		return nil, nil, invalid("attachments: at most 5")
	case c.server.config.Files == nil:
		return nil, nil, errNoFile
	}
	seat := c.seat.Load()
	if seat == nil {
		return nil, nil, errNoFile
	}
	for _, f := range files {
		info, err := c.server.fileOf(ctx, c.entry.tenant, seat.address, f.File)
		if err == nil {
			err = c.server.config.Files.Keep(ctx, c.entry.tenant, f.File)
		}
		if errors.Is(err, privacy.ErrNoFile) {
			err = errNoFile
		}
		if err != nil {
			return nil, nil, err
		}
		out = append(out, &event.Attachment{File: info.File, MediaType: info.MediaType, Size: uint64(info.Size)}) //nolint:gosec // sizes are not negative
		names = append(names, privacy.FileName(fileName(f.Name), info.MediaType))
	}
	return out, names, nil
}

// fileName keeps of a name what is one: no folders, no control characters, not too long.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ReplaceAll(name, `\`, "/"))
	name = path.Base("/" + name)
	if runes := []rune(name); len(runes) > privacy.MaxFileName {
		name = string(runes[len(runes)-privacy.MaxFileName:]) // its end says what it is
	}
	if name == "/" || name == "." || name == ".." {
		return ""
	}
	return name
}

// sweepFiles takes away what was sent up and never named by a message, here and at the agents' door.
func (s *Server) sweepFiles(ctx context.Context) {
	if s.config.Files == nil {
		return
	}
	again := time.NewTicker(sweepFilesEvery)
	defer again.Stop()
	for {
		swept, err := s.config.Files.Sweep(ctx)
		s.metrics.files.WithLabelValues("swept").Add(float64(swept))
		if err != nil && ctx.Err() == nil {
			s.config.Logger.WarnContext(ctx, "files that were never sent could not be swept; it is tried again", slog.String("error", err.Error()))
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

// filesOf are a delivery's attachments with their names from the seal.
func filesOf(attachments []*event.Attachment, names []string) []file {
	var out []file
	for i, a := range attachments {
		f := file{File: a.GetFile(), MediaType: a.GetMediaType(), Size: a.GetSize()}
		if i < len(names) {
			f.Name = names[i]
		}
		out = append(out, f)
	}
	return out
}

func (s *Server) writeFileFault(w http.ResponseWriter, err error) {
	f := asFault(err)
	s.metrics.files.WithLabelValues(f.Code).Inc()
	writeFault(w, f)
}
