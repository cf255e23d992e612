// One request from leaving to its end, told to the picture and to the counters. What comes after the end changes nothing.
export class Trip {
  #freight;
  #scene;
  #tally;
  #truck;
  #isOver = false;

  constructor(freight, bytes, scene, tally) {
    this.#freight = freight;
    this.#scene = scene;
    this.#tally = tally;
    this.#truck = scene.send(freight);
    tally.add('requests');
    tally.add('bytes', bytes);
    if (!freight.isReceipt) tally.hold(1);
  }

  weighs(bytes) {
    this.#tally.add('bytes', bytes);
  }

  home(letters, bytes) {
    this.#tally.add('bytes', bytes);
    this.#end(() => {
      if (!letters && !this.#freight.letters && !this.#freight.isReceipt) this.#tally.add('empty');
      this.#truck?.home(letters);
    });
  }

  unrolls() {
    this.#scene.unroll(this.#truck);
  }

  heard(bytes) {
    this.#tally.add('bytes', bytes);
    this.#truck?.watch();
  }

  says() {
    this.#scene.slide('up', 'letter');
  }

  signs() {
    this.#scene.slide('up', 'receipt');
  }

  towed() {
    this.#end(() => {
      this.#tally.add('cut');
      this.#truck?.tow();
    });
  }

  lost(where) {
    this.#end(() => {
      this.#tally.add('cut');
      this.#truck?.lose(where);
    });
  }

  recalled() {
    this.#end(() => this.#truck?.home(0));
  }

  #end(tell) {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!this.#freight.isReceipt) this.#tally.hold(-1);
    if (this.#freight.wait === Infinity) this.#scene.rollUp();
    tell();
  }
}
