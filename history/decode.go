package history

import (
	"encoding/binary"
	"time"
)

// decodeRecord reads the payload of a frame.
func decodeRecord(b []byte) (Record, error) {
	var r Record
	err := fields(b, func(field, n uint64, data []byte) error {
		var err error
		switch field {
		case fieldSeq:
			r.Seq = n
		case fieldTime:
			r.Time = time.Unix(0, int64(n))
		case fieldEvent:
			r.Event = string(data)
		case fieldResource:
			r.Resource, err = decodeRef(data)
		case fieldPos:
			r.Pos = string(data)
		case fieldRun:
			r.Run = n
		case fieldCause:
			r.Cause, err = decodeCause(data)
		case fieldNanos:
			r.Seconds = time.Duration(n).Seconds()
		case fieldChange:
			var c Change
			c, err = decodeChange(data)
			r.Changes = append(r.Changes, c)
		case fieldNoop:
			r.Noop = n != 0
		case fieldError:
			r.Error = string(data)
		case fieldRetries:
			r.Retries = int(n)
		case fieldRetryIn:
			r.RetryIn = time.Duration(n).Seconds()
		case fieldBy:
			r.By, err = decodeRef(data)
		case fieldConverged:
			r.Converged = n != 0
		case fieldSettled:
			r.Settled = int(n)
		case fieldTotal:
			r.Total = int(n)
		case fieldCount:
			r.Count = int(n)
		case fieldHost:
			r.Host = string(data)
		case fieldPID:
			r.PID = int(n)
		}
		return err
	})
	return r, err
}

func decodeRef(b []byte) (Ref, error) {
	var r Ref
	err := fields(b, func(field, n uint64, data []byte) error {
		switch field {
		case fieldKind:
			r.Kind = string(data)
		case fieldName:
			r.Name = string(data)
		case fieldAlt:
			r.Alt = int(n)
		}
		return nil
	})
	return r, err
}

func decodeCause(b []byte) (Cause, error) {
	var c Cause
	err := fields(b, func(field, n uint64, data []byte) error {
		var err error
		switch field {
		case fieldKind:
			c.Kind = string(data)
		case fieldWhat:
			c.What = string(data)
		case fieldParam:
			c.Param = string(data)
		case fieldOld:
			c.Old = string(data)
		case fieldNew:
			c.New = string(data)
		case fieldFrom:
			c.From, err = decodeRef(data)
		case fieldFromRun:
			c.Run = n
		}
		return err
	})
	return c, err
}

func decodeChange(b []byte) (Change, error) {
	var c Change
	err := fields(b, func(field, n uint64, data []byte) error {
		switch field {
		case fieldParam:
			c.Param = string(data)
		case fieldOld:
			c.Old = string(data)
		case fieldNew:
			c.New = string(data)
		case fieldNote:
			c.Note = string(data)
		case fieldDiff:
			c.Diff = string(data)
		case fieldSecret:
			c.Secret = n != 0
		}
		return nil
	})
	return c, err
}

// fields calls f for each field, with its number or its bytes.
func fields(b []byte, f func(field, n uint64, data []byte) error) error {
	for len(b) > 0 {
		key, width := binary.Uvarint(b)
		if width <= 0 {
			return errTorn
		}
		b = b[width:]
		n, width := binary.Uvarint(b)
		if width <= 0 {
			return errTorn
		}
		b = b[width:]
		var data []byte
		if key&1 != 0 {
			if n > uint64(len(b)) {
				return errTorn
			}
			data, b = b[:n], b[n:]
		}
		if err := f(key>>1, n, data); err != nil {
			return err
		}
	}
	return nil
}
