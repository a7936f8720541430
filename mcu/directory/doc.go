// Package directory knows who may log in, as whom, and what a dialled name means.
//
// Users come from the section directory of a FreeSWITCH tree ([Open]), guests from
// signed tokens ([OpenKeys]); [Authenticator] answers a login from both. [ParseRoute] turns a
// dialled destination into a room, its conference profile and the kind of leg.
//
// The package knows how configuration is read and nothing of sockets, rooms or media.
package directory
