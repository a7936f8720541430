//go:build !race

package room_test

const thorough = true
