//go:build !linux

package rtc

import (
	"errors"
	"net"
	"net/netip"
)

// segmentation is Linux's alone: packets are sent one by one elsewhere.
func segmentation(*net.UDPConn) bool { return false }

func sendSegmented(*net.UDPConn, []byte, int, netip.AddrPort) error { return errors.ErrUnsupported }

func refusesSegments(err error) bool { return errors.Is(err, errors.ErrUnsupported) }
