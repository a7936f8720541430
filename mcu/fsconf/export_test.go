package fsconf

import "os"

// ReadAfter reads a file after so many elements and files.
func ReadAfter(dir, name string, elements, files int) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	r := newReading(Options{Dir: dir}, root, "")
	r.elements, r.files = elements, files
	return r.file(name, new(Element))
}
