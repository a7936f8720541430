// Package web holds the browser client and the handler that serves it.
//
// The client is written in TypeScript and Svelte under src and verto; its build goes to dist/app and is embedded into
// the binary. Where it has not been built, dist holds one placeholder page, so the package always compiles and serves
// something that says what is missing.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// buildDir is where the client's build lies inside the assets.
const buildDir = "app"

// Assets returns the embedded files: the placeholder index.html and, if the client was built, its folder app. The
// returned file system is read-only and safe for concurrent use.
func Assets() fs.FS {
	assets, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a constant and a valid path
	}
	return assets
}

// Built reports whether assets hold a built client and not only the placeholder page.
func Built(assets fs.FS) bool {
	_, err := fs.Stat(assets, buildDir+"/index.html")
	return err == nil
}
