// Package dialplan tells what a dialled destination means: a conference, a user to
// be called, or the end of the call.
//
// A plan is read from FreeSWITCH's dialplan XML ([Parse]) or is the built-in one
// ([Builtin]). [Plan.Route] plays it through for one call and says where it leads;
// it does nothing by itself, waits for nothing and is safe for concurrent use.
package dialplan
