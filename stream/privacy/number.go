package privacy

import "bytes"

// number is a candidate: digits, how they were grouped, and whether a "+" stands before them.
type number struct {
	digits []byte
	groups []group
	plus   bool
}

// kind says what the number is, asking the forms with a checksum first.
func (n number) kind() (Kind, bool) {
	size := len(n.digits)
	switch {
	case size < 9:
		if n.plus && size == 8 && n.international() {
			return KindPhone, true
		}
		return "", false
	case size == 18 && n.uniform() && idCard(n.digits):
		return KindIDCard, true
	case bytes.IndexByte(n.digits, 'X') >= 0:
		return "", false
	case n.mobile() || n.international() || n.landline() || n.american() || n.trunk():
		return KindPhone, true
	case size >= 13 && n.cardShape() && bankCard(n.digits):
		return KindBankCard, true
	}
	return "", false
}

func (n number) spoken() bool { return n.groups[0].spoken }

func (n number) size(i int) int { return n.groups[i].to - n.groups[i].from }

// shape says whether the groups have these sizes.
func (n number) shape(sizes ...int) bool {
	if len(sizes) != len(n.groups) {
		return false
	}
	for i, size := range sizes {
		if n.size(i) != size {
			return false
		}
	}
	return true
}

// uniform says that one separator stands everywhere; speech is written with any.
func (n number) uniform() bool {
	for i := 2; i < len(n.groups); i++ {
		if n.groups[i].separator != n.groups[1].separator && !n.spoken() {
			return false
		}
	}
	return true
}

// mobile is a Chinese one: 1[3-9] and nine more digits, after 86, 0086, 0 or nothing.
func (n number) mobile() bool {
	digits, rest := n.digits, n
	for _, prefix := range []string{"0086", "86", "0"} {
		if len(digits) == 11+len(prefix) && bytes.HasPrefix(digits, []byte(prefix)) {
			digits = digits[len(prefix):]
			if n.size(0) == len(prefix) {
				rest.groups = n.groups[1:]
			} else if len(n.groups) > 1 {
				// The prefix is written together with the first group: look at the sizes without it.
				first := n.groups[0]
				first.from += len(prefix)
				rest.groups = append([]group{first}, n.groups[1:]...)
			}
			break
		}
	}
	if len(digits) != 11 || digits[0] != '1' || digits[1] < '3' {
		return false
	}
	return n.spoken() || len(rest.groups) == 1 || rest.shape(3, 4, 4) || rest.shape(3, 8) || rest.shape(7, 4) ||
		rest.shape(3, 3, 5) || rest.shape(4, 3, 4) || rest.shape(4, 4, 3) || rest.shape(3, 2, 2, 2, 2)
}

// international is E.164: "+" or "00", a country code, 8 to 15 digits in all.
func (n number) international() bool {
	digits := n.digits
	if n.plus {
		return len(digits) <= 15 && digits[0] != '0'
	}
	// Without "+" only where it is grouped as numbers to dial are.
	return len(digits) >= 12 && len(digits) <= 16 && digits[0] == '0' && digits[1] == '0' && digits[2] != '0' &&
		len(n.groups) >= 2 && n.size(0) <= 5 && !n.spoken()
}

// landline is a Chinese area code and seven or eight digits.
func (n number) landline() bool {
	if n.digits[0] != '0' || n.digits[1] == '0' || len(n.groups) != 2 || n.spoken() {
		return false
	}
	short := n.digits[1] == '1' || n.digits[1] == '2'
	return (short && n.size(0) == 3 || !short && n.size(0) == 4) && (n.size(1) == 7 || n.size(1) == 8)
}

// american is NXX NXX XXXX, grouped, after 1 or nothing. 400 and 800 are hotlines of companies.
func (n number) american() bool {
	digits := n.digits
	if n.shape(1, 3, 3, 4) && digits[0] == '1' {
		digits = digits[1:]
	} else if !n.shape(3, 3, 4) {
		return false
	}
	hotline := digits[1] == '0' && digits[2] == '0'
	return digits[0] >= '2' && digits[3] >= '2' && !hotline && !n.spoken()
}

// trunk is a national number with the 0 that Britain and many others dial: 10 or 11 digits in groups of 2 to 7.
func (n number) trunk() bool {
	size := len(n.digits)
	if n.digits[0] != '0' || n.digits[1] == '0' || size < 10 || size > 11 || len(n.groups) < 2 || n.spoken() {
		return false
	}
	for i := range n.groups {
		if n.size(i) < 2 || n.size(i) > 7 {
			return false
		}
	}
	return true
}

// cardShape: together, in fours, 4-6-5 as American Express prints, or 6 and the rest.
func (n number) cardShape() bool {
	if n.spoken() || len(n.groups) == 1 || n.shape(4, 6, 5) || n.shape(4, 6, 4) {
		return true
	}
	if !n.uniform() {
		return false
	}
	if len(n.groups) == 2 {
		return n.size(0) == 6
	}
	for i := range n.groups {
		if size := n.size(i); size > 4 || size < 4 && i < len(n.groups)-1 {
			return false
		}
	}
	return true
}

// bankCard checks issuer ranges with their lengths, and the Luhn digit (ISO/IEC 7812-1, annex B).
func bankCard(d []byte) bool {
	two, four := value(d[:2]), value(d[:4])
	var length bool
	switch size := len(d); {
	case two == 62:
		length = size >= 16
	case d[0] == '4':
		length = size == 13 || size == 16 || size == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720:
		length = size == 16
	case two == 34, two == 37, four == 2131, four == 1800:
		length = size == 15
	case two == 36, two == 38, two == 39, four >= 3000 && four <= 3059:
		length = size == 14 || size == 16
	case two == 35:
		length = size == 16
	case two == 60, two == 64, two == 65, two == 68, two == 50, two >= 56 && two <= 59, two == 63, two == 67, four == 9558:
		length = size == 16 || size == 19
	}
	return length && luhn(d)
}

func luhn(d []byte) bool {
	sum := 0
	for i := range d {
		v := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

// idCard checks a Chinese identity card's number (GB 11643): province, date of birth, check character.
func idCard(d []byte) bool {
	if bytes.IndexByte(d[:17], 'X') >= 0 || !province(value(d[:2])) {
		return false
	}
	year, month, day := value(d[6:10]), value(d[10:12]), value(d[12:14])
	if year < 1890 || year > 2099 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return false
	}
	sum := 0
	for i, weight := range [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += weight * int(d[i]-'0')
	}
	return "10X98765432"[sum%11] == d[17]
}

func province(code int) bool {
	switch code / 10 {
	case 1:
		return code >= 11 && code <= 15
	case 2:
		return code >= 21 && code <= 23
	case 3:
		return code >= 31 && code <= 37
	case 4:
		return code >= 41 && code <= 46
	case 5:
		return code >= 50 && code <= 54
	case 6:
		return code >= 61 && code <= 65
	}
	return code == 71 || code >= 81 && code <= 83
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && year%100 != 0 || year%400 == 0 {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func value(d []byte) int {
	v := 0
	for _, c := range d {
		v = v*10 + int(c-'0')
	}
	return v
}
