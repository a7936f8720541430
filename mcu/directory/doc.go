// Package directory knows who may log in, as whom, and what a dialled name means.
//
// Users come from FreeSWITCH directory XML ([Open]), guests from signed tokens
// ([OpenKeys]); [Authenticator] answers a login from both. [ParseRoute] turns a
// dialled destination into a room, its conference profile and the kind of leg.
//
// The package is a leaf: it knows nothing of sockets, rooms or media.
package directory
