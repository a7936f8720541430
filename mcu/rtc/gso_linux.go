package rtc

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// segmentation reports whether the kernel knows UDP_SEGMENT (Linux 4.18).
func segmentation(conn *net.UDPConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	known := false
	err = raw.Control(func(fd uintptr) {
		_, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT)
		known = err == nil
	})
	return err == nil && known
}

// controlSize is the room of one control message with a uint16.
const controlSize = 24

// sendSegmented hands buf to the kernel in one call, to be cut into datagrams of
// size bytes (udp(7), UDP_SEGMENT).
func sendSegmented(conn *net.UDPConn, buf []byte, size int, to netip.AddrPort) error {
	var oob [controlSize]byte
	n := unix.CmsgSpace(2)
	h := (*unix.Cmsghdr)(unsafe.Pointer(&oob[0]))
	h.Level, h.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	binary.NativeEndian.PutUint16(oob[unix.CmsgLen(0):], uint16(size))
	_, _, err := conn.WriteMsgUDPAddrPort(buf, oob[:n], to)
	return err
}

// refusesSegments tells an interface or kernel that cannot segment (EIO: no
// checksum offload; EINVAL: segment larger than the path's MTU) from other errors.
func refusesSegments(err error) bool {
	return errors.Is(err, unix.EIO) || errors.Is(err, unix.EINVAL) ||
		errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOPROTOOPT) || errors.Is(err, unix.EMSGSIZE)
}
