package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// clickHouse asks the warehouse by plain HTTP: past the product's own queries, which may be wrong as well.
type clickHouse struct{ dsn string }

// query answers the rows of a SELECT, each as the columns' texts.
func (c clickHouse) query(ctx context.Context, statement string, params map[string]string) ([][]string, error) {
	u, err := url.Parse(c.dsn)
	if err != nil {
		return nil, fmt.Errorf("the warehouse's address cannot be read")
	}
	user := u.User
	q := url.Values{"database": {strings.TrimPrefix(u.Path, "/")}, "output_format_json_quote_64bit_integers": {"1"}}
	for k, v := range params {
		q.Set("param_"+k, v)
	}
	u.User, u.Path, u.RawQuery = nil, "/", q.Encode()
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(statement+" FORMAT JSONCompactStringsEachRow"))
	if err != nil {
		return nil, err
	}
	password, _ := user.Password()
	req.SetBasicAuth(user.Username(), password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 2000))
		return nil, fmt.Errorf("the warehouse answers %s: %s", resp.Status, b)
	}
	var rows [][]string
	for d := json.NewDecoder(resp.Body); ; {
		var row []string
		if err := d.Decode(&row); err == io.EOF {
			return rows, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the warehouse's answer: %w", err)
		}
		rows = append(rows, row)
	}
}
