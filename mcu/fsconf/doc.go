// Package fsconf reads a FreeSWITCH configuration tree.
//
// A tree is a folder. With a freeswitch.xml in it that file says, as in FreeSWITCH,
// what else is read: X-PRE-PROCESS sets variables and includes files, $${name} stands
// for a variable, <include> around the contents of a file means nothing. Without one
// a document lies where FreeSWITCH's own tree has it: autoload_configs/NAME.xml or
// NAME.xml, directory/ and dialplan/.
//
// Nothing outside of the folder is read, nothing is run, and nothing expands without
// end. Errors carry file and line.
//
// The package is a leaf: it knows how documents are read and nothing of what they say.
package fsconf
