// Package web carries the built pages in the binary: the workspace of agents, the widget of customers and the demo shop.
//
// It promises that what Assets serves is exactly what `npm run build` put into dist when the binary was built, and that
// the package compiles when nothing has been built. It does not serve HTTP, set headers or choose pages: that is the door's
// work (dashboards/api and the web chat adapter).
//
// Layout of Assets: index.html is the workspace (every address of it that is not a file, such as /first, gets this page),
// assets/* have hashes in their names and may be cached for ever, widget.js is one self-contained script, demo/ is the shop.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var built embed.FS

// Assets is the built pages, rooted at dist. Without a build it holds nothing but a placeholder: ask Built.
func Assets() fs.FS {
	sub, err := fs.Sub(built, "dist")
	if err != nil { // cannot happen: the name is constant and valid
		return embed.FS{}
	}
	return sub
}

// Built says whether the pages were built before the binary was.
func Built() bool {
	for _, name := range []string{"index.html", "widget.js"} {
		if _, err := fs.Stat(Assets(), name); err != nil {
			return false
		}
	}
	return true
}
