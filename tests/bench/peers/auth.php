<?php
// SPDX-License-Identifier: MIT
// A peer: the same work in PHP, without a library, which would only slow it down.
$client = $_POST['clientID'] ?? '';
if ($client === '') {
    http_response_code(422);
    exit('No clientID defined');
}
function encode(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}
$adjectives = ['amber', 'brisk', 'calm', 'daring', 'eager', 'fair', 'gentle', 'happy'];
$nouns = ['acorn', 'birch', 'comet', 'delta', 'ember', 'falcon', 'glacier', 'heron'];
$quoted = addcslashes($client, '^$\\.*+?()[]{}|/');
$claims = [
    'client' => $client,
    'channel' => getenv('BENCH_CHANNEL'),
    'exp' => time() + 180,
    'data' => [
        'name' => $adjectives[random_int(0, 7)] . '_' . $nouns[random_int(0, 7)],
        'color' => sprintf('#%06x', random_int(0, 0xffffff)),
    ],
    'permissions' => [
        '^observable-room$' => ['publish' => true, 'subscribe' => true],
        "^private-room-$quoted$" => ['publish' => false, 'subscribe' => true],
        "^private-room-(?!$quoted$).+$" => ['publish' => true, 'subscribe' => false],
    ],
];
$message = encode('{"alg":"HS256","typ":"JWT"}') . '.' . encode(json_encode($claims, JSON_UNESCAPED_SLASHES));
header('Content-Type: text/plain; charset=utf-8');
header('Cache-Control: no-store');
echo $message, '.', encode(hash_hmac('sha256', $message, getenv('BENCH_SECRET'), true));
