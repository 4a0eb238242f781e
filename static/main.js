import {loadConfig} from './config.js';
import {connect, endWaiting, publish, reconnect} from './connection.js';
import {readName} from './incoming.js';
import {Chat} from './state.js';
import {keep} from './token.js';
import {showBanner, start, update} from './view.js';

// Without a configuration nothing more happens.
const config = await loadConfig().catch(({message}) => new Promise(() => {
	showBanner(`config.json is missing or wrong.\n${message}`);
}));
const chat = new Chat(config, publish);

function rename(name) {
	keep({name: readName(name)});
	reconnect(); // others hear the name of who joins
}

start(chat, rename, endWaiting);

let trouble; // in words
let troubleTime; // to show them
let timer;

function showStatus(words) {
	clearTimeout(timer);
	if (chat.online) {
		showBanner(troubleTime < Date.now() ? 'Connected.' : '');
		timer = setTimeout(showBanner, 3000, '');
		trouble = troubleTime = undefined;
		return;
	}
	trouble = words ?? trouble ?? 'Connecting…';
	troubleTime ??= Date.now() + 2000; // a short interruption is not worth a word
	const show = () => showBanner(navigator.onLine ? trouble : `You are offline. ${trouble}`);
	timer = setTimeout(show, troubleTime - Date.now());
}

connect(config, (event, ...heard) => {
	chat[event](...heard);
	if (event === 'status') showStatus(heard[1]);
	update();
});

onoffline = ononline = reconnect;
(document.onvisibilitychange = () => {
	chat.look(!document.hidden);
	endWaiting();
	update();
})();

let awake = Date.now();
setInterval(() => {
	// What does not echo is dead, and so is what slept.
	if (chat.isOverdue() || Date.now() - awake > 90_000) reconnect();
	awake = Date.now();
	update(); // typing ends without a word
}, 2000);
