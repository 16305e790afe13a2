package web_test

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/dashboards/web"
)

func TestBuiltAgreesWithAssets(t *testing.T) {
	_, page := fs.Stat(web.Assets(), "index.html")
	_, widget := fs.Stat(web.Assets(), "widget.js")
	require.Equal(t, page == nil && widget == nil, web.Built())
	if web.Built() {
		_, err := fs.Stat(web.Assets(), "demo/index.html")
		require.NoError(t, err, "a build has the demo shop too")
	}
}
