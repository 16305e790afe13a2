package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// Secret is one piece of personal data that is planted. Forms are how it may be written somewhere.
type Secret struct {
	Kind  string
	Forms []string
	// Named says that it is a name: no rule finds it in free text, so it stands in ClickHouse's text, where it can be erased.
	Named bool
	// said is the text in which a customer writes it.
	said string
}

// Plants is personal data to be planted.
type Plants struct {
	Secrets []Secret
	// Agents are the names of agents, as the configuration has them.
	Agents []string

	mu   sync.Mutex
	next int
}

// MakePlants makes n secrets of customers and names for the agents, other ones for each seed.
func MakePlants(seed uint64, n, agents int) *Plants {
	r := rand.New(rand.NewPCG(seed, 0x9e25)) //nolint:gosec // made-up people, to be repeated
	p := &Plants{}
	makers := []func(*rand.Rand) Secret{
		mobilePlain, mobileChina, mobileGrouped, mobileWide, chineseName, englishName, emailAddress, idCard, bankCard, chineseName,
	}
	used := map[string]bool{}
	fresh := func(make func(*rand.Rand) Secret) Secret {
		for {
			if s := make(r); !used[s.Forms[0]] {
				used[s.Forms[0]] = true
				return s
			}
		}
	}
	for i := range n {
		p.Secrets = append(p.Secrets, fresh(makers[i%len(makers)]))
	}
	for range agents {
		p.Agents = append(p.Agents, fresh(chineseName).Forms[0])
	}
	return p
}

// All are the secrets of customers, then the agents' names.
func (p *Plants) All() []Secret {
	all := slices.Clone(p.Secrets)
	for _, name := range p.Agents {
		all = append(all, Secret{Kind: "name of an agent", Forms: []string{name}})
	}
	return all
}

// Next is the next thing to say, in order; empty when all is said.
func (p *Plants) Next() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == len(p.Secrets) {
		return ""
	}
	p.next++
	return p.Secrets[p.next-1].said
}

// Left tells whether something is not said yet.
func (p *Plants) Left() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next < len(p.Secrets)
}

// Said is how many were said.
func (p *Plants) Said() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next
}

func digits(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789"[r.IntN(10)]
	}
	return string(b)
}

// grouped cuts a number into groups.
func grouped(number, separator string, sizes ...int) string {
	var parts []string
	for _, n := range sizes {
		parts = append(parts, number[:n])
		number = number[n:]
	}
	if number != "" {
		parts = append(parts, number)
	}
	return strings.Join(parts, separator)
}

// wide writes a text in full-width forms.
func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r - '!' + '！'
		}
		return r
	}, s)
}

func mobile(r *rand.Rand) (string, []string) {
	n := "1" + string("3456789"[r.IntN(7)]) + digits(r, 9)
	return n, []string{n, grouped(n, " ", 3, 4), grouped(n, "-", 3, 4), wide(n)}
}

func mobilePlain(r *rand.Rand) Secret {
	n, forms := mobile(r)
	return Secret{Kind: "mobile", Forms: forms, said: "please call me on " + n + " after six"}
}

func mobileChina(r *rand.Rand) Secret {
	n, forms := mobile(r)
	return Secret{Kind: "mobile with +86", Forms: forms, said: "我的手机是+86 " + n + "，谢谢"}
}

func mobileGrouped(r *rand.Rand) Secret {
	n, forms := mobile(r)
	return Secret{Kind: "mobile in groups", Forms: forms, said: "电话 " + grouped(n, []string{" ", "-"}[r.IntN(2)], 3, 4) + " 随时联系"}
}

func mobileWide(r *rand.Rand) Secret {
	n, forms := mobile(r)
	return Secret{Kind: "mobile in full width", Forms: forms, said: "请打" + wide(n) + "找我"}
}

func chineseName(r *rand.Rand) Secret {
	pick := func(s string) string { all := []rune(s); return string(all[r.IntN(len(all))]) }
	name := []string{"欧阳", "司马", "上官", "诸葛", "慕容", "尉迟", "皇甫", "令狐"}[r.IntN(8)] +
		pick("婧瑄翊骁祎珩昶晔琬筠翀蘅邈澍璟骞") + pick("曦霈峤馥煜钰瀚澜谧漪菡楠桢珂玥鸢")
	return Secret{Kind: "name", Forms: []string{name}, Named: true, said: "我叫" + name + "，想查一下订单"}
}

func englishName(r *rand.Rand) Secret {
	word := func() string {
		b := []byte{"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[r.IntN(26)]}
		for range 7 {
			b = append(b, letters[r.IntN(len(letters))])
		}
		return string(b)
	}
	name := word() + " " + word()
	return Secret{Kind: "name", Forms: []string{name}, Named: true, said: "this is " + name + " speaking"}
}

func emailAddress(r *rand.Rand) Secret {
	b := make([]byte, 10)
	for i := range b {
		b[i] = letters[r.IntN(len(letters))]
	}
	at := string(b) + digits(r, 3) + "@" + []string{"example.com", "example.cn", "mail.example.org"}[r.IntN(3)]
	return Secret{Kind: "e-mail", Forms: []string{at, strings.ToUpper(at)}, said: "write to " + at + " please"}
}

func idCard(r *rand.Rand) Secret {
	body := []string{"110101", "310104", "440305", "510107"}[r.IntN(4)] +
		fmt.Sprintf("%d%02d%02d", 1950+r.IntN(55), 1+r.IntN(12), 1+r.IntN(28)) + digits(r, 3)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(body[i]-'0') * w
	}
	n := body + string("10X98765432"[sum%11])
	return Secret{Kind: "id card", Forms: []string{n, grouped(n, " ", 6, 8), grouped(n, "-", 6, 8), wide(n)}, said: "身份证号 " + n + " 已经填了"}
}

func bankCard(r *rand.Rand) Secret {
	n := "6222" + digits(r, 14)
	sum := 0
	for i := range n { // the check digit comes last, so the digit before it is doubled
		d := int(n[len(n)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	n += string(rune('0' + (10-sum%10)%10))
	said := n
	if r.IntN(2) == 0 {
		said = grouped(n, " ", 4, 4, 4, 4)
	}
	return Secret{
		Kind: "bank card", Forms: []string{n, grouped(n, " ", 4, 4, 4, 4), grouped(n, "-", 4, 4, 4, 4), wide(n)}, said: "my card is " + said + " as before",
	}
}
