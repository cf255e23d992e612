import { Board } from './board.js';
import { Road } from './road.js';
import { Yard } from './yard.js';

const Lock = 'mailbox.trucks';

const road = new Road();
const board = new Board();
const yard = new Yard(road, board);

function look() {
  road.set(board.settings);
  // A page that nobody sees holds no connection: its mailboxes keep what comes.
  if (document.hidden) yard.close();
  else yard.open();
}

// Browsers give an origin six connections over HTTP/1.1. One yard uses most of them, so there is one for all windows.
async function start() {
  if (!navigator.locks) return begin();
  const { held } = await navigator.locks.query();
  if (held.some(({ name }) => name === Lock)) board.say('The yard is open in another window of this browser. It opens here when that one is closed.');
  await navigator.locks.request(Lock, async () => {
    begin();
    await new Promise(() => {});
  });
}

function begin() {
  board.onChange = look;
  document.addEventListener('visibilitychange', look);
  addEventListener('pagehide', () => yard.close());
  addEventListener('pageshow', look);
  look();
}

start();
