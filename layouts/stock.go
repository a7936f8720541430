package layouts

import _ "embed"

//go:embed stock/conference_layouts.conf.xml
var stock []byte

// Stock is the set of layouts and groups that is there without any
// configuration: those of FreeSWITCH's vanilla configuration.
func Stock() *Set {
	s, err := Parse(stock)
	if err != nil {
		panic(err) // the file is part of the program
	}
	return s
}
