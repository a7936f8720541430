package fsconf

// Limits of one file and of a whole reading. They are far above any real tree and
// far below what would hurt.
const (
	maxFile     = 8 << 20 // bytes
	maxTotal    = 256 << 20
	maxFiles    = 100_000 // read, and looked at for changes
	maxDepth    = 32      // elements in elements
	maxElements = 1_000_000
	maxValue    = 64 << 10 // bytes of one value or text, expanded
	maxVars     = 10_000
	maxIncludes = 16   // files including files
	maxPattern  = 1024 // bytes of an include's pattern
)
