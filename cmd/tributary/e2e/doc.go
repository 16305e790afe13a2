// Package e2e tries the whole binary as people do: in a browser, with a kill in the middle. Its tests are behind the build
// tag e2e, as they need Chromium and the built pages.
package e2e
