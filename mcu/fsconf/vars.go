package fsconf

import (
	"maps"
	"net"
	"os"
	"path/filepath"
)

// first are the variables before anything is set: those that FreeSWITCH itself has,
// and those of its vars.xml without which its other documents make no sense. There is
// no default password.
func first(dir string, own map[string]string) map[string]string {
	vars := map[string]string{
		"domain":      "localhost",
		"hostname":    "localhost",
		"local_ip_v4": local("udp4", "192.0.2.1:9", "127.0.0.1"),
		"local_ip_v6": local("udp6", "[2001:db8::1]:9", "::1"),

		"conf_dir":       dir,
		"base_dir":       dir,
		"certs_dir":      filepath.Join(dir, "tls"),
		"sounds_dir":     "sounds", // of the media folder, as all that is played
		"recordings_dir": "recordings",

		"sound_prefix":         "sounds/en/us/callie",
		"hold_music":           "omniverto://hold",
		"default_language":     "en",
		"default_dialect":      "us",
		"default_voice":        "callie",
		"outbound_caller_name": "Omniverto",
		"outbound_caller_id":   "0000000000",
	}
	if name, err := os.Hostname(); err == nil {
		vars["hostname"] = name
	}
	maps.Copy(vars, own)
	return vars
}

// local is this machine's address on the route to another. No packet is sent:
// connecting a UDP socket only asks the kernel for the route.
func local(network, to, without string) string {
	c, err := net.Dial(network, to)
	if err != nil {
		return without
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).IP.String()
}
