// SPDX-License-Identifier: MIT
// A peer: what people write who follow a Go tutorial, with net/http and Debian's JWT library.
// It does roomkey's work: a form field in, a random name and colour, the same claims, HS256.
//
// usage: server TCP-ADDRESS SOCKET-PATH     serves HTTP on both
package main

import (
	"fmt"
	"log"
	"math/rand"
	"net"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/golang-jwt/jwt"
)

type rights struct {
	Publish   bool `json:"publish"`
	Subscribe bool `json:"subscribe"`
}

type guest struct {
	Name  string `json:"name"`
	Color string `json:"color"`
}

type claims struct {
	jwt.StandardClaims
	Client      string            `json:"client"`
	Channel     string            `json:"channel"`
	Data        guest             `json:"data"`
	Permissions map[string]rights `json:"permissions"`
}

var (
	channel    = os.Getenv("BENCH_CHANNEL")
	secret     = []byte(os.Getenv("BENCH_SECRET"))
	adjectives = []string{"amber", "brisk", "calm", "daring", "eager", "fair", "gentle", "happy"}
	nouns      = []string{"acorn", "birch", "comet", "delta", "ember", "falcon", "glacier", "heron"}
)

func auth(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	client := r.FormValue("clientID")
	if client == "" {
		http.Error(w, "No clientID defined", http.StatusUnprocessableEntity)
		return
	}
	quoted := regexp.QuoteMeta(client)
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		StandardClaims: jwt.StandardClaims{ExpiresAt: time.Now().Add(3 * time.Minute).Unix()},
		Client:         client,
		Channel:        channel,
		Data: guest{
			Name:  adjectives[rand.Intn(len(adjectives))] + "_" + nouns[rand.Intn(len(nouns))],
			Color: fmt.Sprintf("#%06x", rand.Intn(0x1000000)),
		},
		Permissions: map[string]rights{
			"^observable-room$":                    {Publish: true, Subscribe: true},
			"^private-room-" + quoted + "$":        {Publish: false, Subscribe: true},
			"^private-room-(?!" + quoted + "$).+$": {Publish: true, Subscribe: false},
		},
	})
	text, err := token.SignedString(secret)
	if err != nil {
		http.Error(w, "No token can be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write([]byte(text))
}

func serve(network, address string) {
	listener, err := net.Listen(network, address)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(listener, nil))
}

func main() {
	rand.Seed(time.Now().UnixNano())
	http.HandleFunc("/auth", auth)
	go serve("unix", os.Args[2])
	serve("tcp", os.Args[1])
}
