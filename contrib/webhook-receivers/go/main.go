// Licensed under the Apache License, Version 2.0 (the "License"); you may
// not use this file except in compliance with the License. You may obtain
// a copy of the License at
//
//      http://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
// WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
// License for the specific language governing permissions and limitations
// under the License.

// Receiver takes the webhooks of nova-lockstatus. It needs Go 1.19, and no
// module.
//
//	WEBHOOK_SECRETS=whsec_... go run . 127.0.0.1:8080
//
// Put it behind a proxy that speaks HTTPS, and replace handle. It
//
//   - verifies the signature of each POST as Standard Webhooks 1.0.0 has it,
//     with any of the secrets in WEBHOOK_SECRETS, which spaces separate;
//   - takes one CloudEvent or a batch of them;
//   - leaves out the events whose id it has had before;
//   - answers before it works: what is slow belongs into handle, which runs in
//     another goroutine.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// oldest is the age after which a signature does not count any more.
	oldest = 5 * time.Minute
	// largest is the number of bytes of a body.
	largest = 4 << 20
	// remembered is the number of ids that are remembered, and of events that
	// wait for handle.
	remembered = 100000

	hostStatus = "org.openstack.nova.lockstatus.host_status"
	batch      = "application/cloudevents-batch+json"
)

// Event is a CloudEvent with what nova-lockstatus says of a server.
type Event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		UUID          string `json:"uuid"`
		OldHostStatus string `json:"old_host_status"`
		HostStatus    string `json:"host_status"`
		ChangedAt     string `json:"changed_at"`
	} `json:"data"`
}

// key returns the key of a secret: of base64 after whsec_, or of other text.
func key(secret string) ([]byte, error) {
	text := strings.TrimPrefix(secret, "whsec_")
	if text == secret {
		return []byte(secret), nil
	}
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
}

// isGenuine tells whether who knows a key has sent it, and not long ago.
func isGenuine(header http.Header, body []byte, keys [][]byte, now time.Time) bool {
	timestamp := header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return false
	}
	age := now.Sub(time.Unix(seconds, 0))
	if age > oldest || age < -oldest {
		return false
	}
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.", header.Get("webhook-id"), timestamp)
		mac.Write(body)
		expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		for _, signature := range strings.Fields(header.Get("webhook-signature")) {
			if hmac.Equal([]byte(expected), []byte(signature)) {
				return true
			}
		}
	}
	return false
}

var errFull = errors.New("too many events wait")

// Inbox passes each event on once. What handles it runs in another goroutine.
type Inbox struct {
	mutex   sync.Mutex
	seen    map[string]bool
	order   []string
	waiting chan Event
}

func newInbox(function func(Event)) *Inbox {
	inbox := &Inbox{seen: map[string]bool{}, waiting: make(chan Event, remembered)}
	go func() {
		for event := range inbox.waiting {
			function(event)
		}
	}()
	return inbox
}

// Put takes events. With an error they are to be posted again.
func (inbox *Inbox) Put(events []Event) error {
	inbox.mutex.Lock()
	defer inbox.mutex.Unlock()
	for _, event := range events {
		if inbox.seen[event.ID] {
			continue
		}
		select {
		case inbox.waiting <- event:
		default:
			return errFull
		}
		inbox.seen[event.ID] = true
		inbox.order = append(inbox.order, event.ID)
		if len(inbox.order) > remembered {
			delete(inbox.seen, inbox.order[0])
			inbox.order = inbox.order[1:]
		}
	}
	return nil
}

// handle does what is to be done. Replace this.
func handle(event Event) {
	if event.Type == hostStatus {
		fmt.Printf("%s server %s: %s -> %s\n", event.Data.ChangedAt,
			event.Data.UUID, event.Data.OldHostStatus, event.Data.HostStatus)
	} else {
		// Such as a ping of "nova-lockstatus webhook test".
		fmt.Println(event.Type)
	}
}

func decode(header http.Header, body []byte) ([]Event, error) {
	var events []Event
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	if mediaType == batch {
		err = json.Unmarshal(body, &events)
	} else {
		events = make([]Event, 1)
		err = json.Unmarshal(body, &events[0])
	}
	for _, event := range events {
		if event.ID == "" {
			return nil, errors.New("an event has no id")
		}
	}
	return events, err
}

func receive(keys [][]byte, inbox *Inbox) http.HandlerFunc {
	return func(writer http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodPost {
			writer.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(writer, request.Body, largest))
		if err != nil {
			writer.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		if !isGenuine(request.Header, body, keys, time.Now()) {
			writer.WriteHeader(http.StatusUnauthorized)
			return
		}
		events, err := decode(request.Header, body)
		if err != nil {
			writer.WriteHeader(http.StatusBadRequest)
			return
		}
		if inbox.Put(events) != nil {
			writer.Header().Set("Retry-After", "10")
			writer.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		writer.WriteHeader(http.StatusNoContent)
	}
}

func main() {
	var keys [][]byte
	for _, secret := range strings.Fields(os.Getenv("WEBHOOK_SECRETS")) {
		key, err := key(secret)
		if err != nil {
			log.Fatal("a secret has whsec_, and no base64 after it")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 || len(os.Args) != 2 {
		log.Fatal("usage: WEBHOOK_SECRETS=whsec_... receiver 127.0.0.1:8080")
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on port %d\n", listener.Addr().(*net.TCPAddr).Port)
	server := &http.Server{
		Handler:           receive(keys, newInbox(handle)),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	log.Fatal(server.Serve(listener))
}
