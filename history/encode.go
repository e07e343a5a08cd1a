package history

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"time"
)

// A record on disk is a frame: the length of the payload and its CRC-32C, four bytes each, and
// the payload. The payload is a sequence of fields, each a key and a value. The lowest bit of
// the key tells whether the value is a number or a length and as many bytes, so that a reader
// steps over fields that it does not know. Fields with a zero value are left out.
const (
	fieldSeq = iota + 1
	fieldTime
	fieldEvent
	fieldResource
	fieldPos
	fieldRun
	fieldCause
	fieldNanos
	fieldChange // once for each
	fieldNoop
	fieldError
	fieldRetries
	fieldRetryIn
	fieldBy
	fieldConverged
	fieldSettled
	fieldTotal
	fieldCount
	fieldHost
	fieldPID
)

// Fields of what is inside a record: of a Ref, a Cause and a Change.
const (
	fieldKind = iota + 1
	fieldName
	fieldAlt
	fieldWhat
	fieldParam
	fieldOld
	fieldNew
	fieldFrom
	fieldFromRun
	fieldNote
	fieldDiff
	fieldSecret
)

const (
	maxString = 64 << 10 // longer ones are cut
	frameHead = 8
	maxFrame  = 16 << 20 // a longer one is damage
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFrame appends a record to a buffer.
func appendFrame(buf []byte, r *Record) []byte {
	start := len(buf)
	buf = append(buf, make([]byte, frameHead)...)
	buf = appendRecord(buf, r)
	payload := buf[start+frameHead:]
	binary.LittleEndian.PutUint32(buf[start:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(buf[start+4:], crc32.Checksum(payload, castagnoli))
	return buf
}

// errTorn is the error of a frame that is not whole.
var errTorn = errors.New("the record is damaged")

// nextFrame splits off the payload of the first frame.
func nextFrame(data []byte) (payload, rest []byte, err error) {
	if len(data) < frameHead {
		return nil, nil, errTorn
	}
	n := binary.LittleEndian.Uint32(data)
	if n > maxFrame || len(data)-frameHead < int(n) {
		return nil, nil, errTorn
	}
	payload, rest = data[frameHead:frameHead+n], data[frameHead+n:]
	if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(data[4:]) {
		return nil, nil, errTorn
	}
	return payload, rest, nil
}

func appendRecord(b []byte, r *Record) []byte {
	b = appendNumber(b, fieldSeq, r.Seq)
	b = appendNumber(b, fieldTime, uint64(r.Time.UnixNano()))
	b = appendString(b, fieldEvent, r.Event)
	b = appendRef(b, fieldResource, r.Resource)
	b = appendString(b, fieldPos, r.Pos)
	b = appendNumber(b, fieldRun, r.Run)
	b = appendCause(b, &r.Cause)
	b = appendNumber(b, fieldNanos, nanos(r.Seconds))
	for i := range r.Changes {
		b = appendChange(b, &r.Changes[i])
	}
	b = appendBool(b, fieldNoop, r.Noop)
	b = appendString(b, fieldError, r.Error)
	b = appendNumber(b, fieldRetries, uint64(r.Retries))
	b = appendNumber(b, fieldRetryIn, nanos(r.RetryIn))
	b = appendRef(b, fieldBy, r.By)
	b = appendBool(b, fieldConverged, r.Converged)
	b = appendNumber(b, fieldSettled, uint64(r.Settled))
	b = appendNumber(b, fieldTotal, uint64(r.Total))
	b = appendNumber(b, fieldCount, uint64(r.Count))
	b = appendString(b, fieldHost, r.Host)
	return appendNumber(b, fieldPID, uint64(r.PID))
}

func nanos(seconds float64) uint64 { return uint64(math.Round(seconds * float64(time.Second))) }

func appendRef(b []byte, field uint64, r Ref) []byte {
	if r == (Ref{}) {
		return b
	}
	return appendGroup(b, field, func(b []byte) []byte {
		b = appendString(b, fieldKind, r.Kind)
		b = appendString(b, fieldName, r.Name)
		return appendNumber(b, fieldAlt, uint64(r.Alt))
	})
}

func appendCause(b []byte, c *Cause) []byte {
	if c.Kind == "" {
		return b
	}
	return appendGroup(b, fieldCause, func(b []byte) []byte {
		b = appendString(b, fieldKind, c.Kind)
		b = appendString(b, fieldWhat, c.What)
		b = appendString(b, fieldParam, c.Param)
		b = appendString(b, fieldOld, c.Old)
		b = appendString(b, fieldNew, c.New)
		b = appendRef(b, fieldFrom, c.From)
		return appendNumber(b, fieldFromRun, c.Run)
	})
}

func appendChange(b []byte, c *Change) []byte {
	return appendGroup(b, fieldChange, func(b []byte) []byte {
		b = appendString(b, fieldParam, c.Param)
		b = appendString(b, fieldOld, c.Old)
		b = appendString(b, fieldNew, c.New)
		b = appendString(b, fieldNote, c.Note)
		b = appendString(b, fieldDiff, c.Diff)
		return appendBool(b, fieldSecret, c.Secret)
	})
}

func appendNumber(b []byte, field, n uint64) []byte {
	if n == 0 {
		return b
	}
	return binary.AppendUvarint(binary.AppendUvarint(b, field<<1), n)
}

func appendBool(b []byte, field uint64, yes bool) []byte {
	if !yes {
		return b
	}
	return appendNumber(b, field, 1)
}

func appendString(b []byte, field uint64, s string) []byte {
	if s == "" {
		return b
	}
	s = cut(s, maxString)
	b = binary.AppendUvarint(binary.AppendUvarint(b, field<<1|1), uint64(len(s)))
	return append(b, s...)
}

// appendGroup appends a field with fields of its own. Its length is written in three bytes,
// as it is not known before.
func appendGroup(b []byte, field uint64, fill func([]byte) []byte) []byte {
	const width = 3
	b = binary.AppendUvarint(b, field<<1|1)
	start := len(b)
	b = fill(append(b, make([]byte, width)...))
	n := len(b) - start - width
	b[start], b[start+1], b[start+2] = byte(n)|0x80, byte(n>>7)|0x80, byte(n>>14)
	return b
}
