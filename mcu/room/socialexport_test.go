package room

// BannerWords are the words of a member's banner, and of the one that he came with.
func BannerWords(m *Member) (now, own string) { return m.look.banner, m.req.Look.Banner }
