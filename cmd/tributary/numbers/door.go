package numbers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// mostFloor bounds the answer.
const mostFloor = 64 << 20

// FloorOf asks an installation's door for the floor, as a supervisor's page does; each time with a login of its own, which it ends.
func FloorOf(base, tenant, login, password string, h *http.Client) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		body, err := json.Marshal(map[string]string{"tenant": tenant, "login": login, "password": password})
		if err != nil {
			return nil, err
		}
		cookies, me, err := call(ctx, h, http.MethodPost, base+"/api/login", body, nil, "")
		if err != nil {
			return nil, err
		}
		_, floor, err := call(ctx, h, http.MethodGet, base+"/api/floor", nil, cookies, "")
		if err != nil {
			return nil, err
		}
		var who struct {
			Csrf string `json:"csrf"`
		}
		if err = json.Unmarshal(me, &who); err != nil {
			return nil, fmt.Errorf("the login's answer: %w", err)
		}
		_, _, err = call(ctx, h, http.MethodPost, base+"/api/logout", nil, cookies, who.Csrf)
		return floor, err
	}
}

func call(ctx context.Context, h *http.Client, method, url string, body []byte, cookies []*http.Cookie, csrf string) ([]*http.Cookie, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for _, c := range cookies {
		req.AddCookie(c)
	}
	req.Header.Set("Content-Type", "application/json")
	if csrf != "" {
		req.Header.Set("X-Tributary-Csrf", csrf)
	}
	resp, err := h.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	b, err := io.ReadAll(io.LimitReader(resp.Body, mostFloor))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", req.URL.Path, resp.Status)
	}
	return resp.Cookies(), b, err
}
