#!/usr/bin/env python3
"""Breaks the engine on purpose, one place at a time, and shows which seed of the simulator notices (docs/found.md).

bench/mutations.py [SEEDS] [NAME ...]: works on a copy of the sources; prints one row for each mutation.
"""
import os, re, shutil, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ENGINE = "src/Mailbox.Engine/Engine/"
LOG = "src/Mailbox.Engine/Log/"
STORAGE = "src/Mailbox.Engine/Storage/"

# name, file, text, replacement: the text stands there once.
MUTATIONS = [
    ("a taken partition keeps the old clock", ENGINE + "EngineClock.cs", "_now = Later(Advance(), seen)", "_now = Later(_now, seen)"),
    ("upkeep goes on after a move", ENGINE + "LogUpkeep.cs", "        if (!IsOwned(partition, state)) throw", "        if (partition.State == null!) throw"),
    ("an operation of a released partition is passed", ENGINE + "Channels.cs", "if (engine.Partitions[source.Number] != source)", "if (source is null)"),
    ("a lost end passes what is in doubt", ENGINE + "Channels.cs",
     "engine.Enqueue(new EndOperation(engine, pending));\n        else engine.Channels.End(pending);",
     "{ engine.Channels.End(pending); engine.Channels.Attach(engine.Partitions[pending.Source]!); }\n        else engine.Channels.End(pending);"),
    ("a request of another's mailbox fails the batch", ENGINE + "Operation.cs", "if (Partition is not null) Planned = plan(batch, Partition);", "Planned = Partition is null ? refuse(Outcome.NotOwner) : plan(batch, Partition);"),
    ("compaction reads too little", ENGINE + "LogUpkeep.cs", "size + MessageCodec.MaxOverhead", "0 + MessageCodec.MaxOverhead"),
    ("a fenced frame is published", ENGINE + "Writer.cs", "partition.IsFenced = partition.Frame.Outcome == FrameOutcome.Fenced;", "partition.IsFenced = false;"),
    ("a doubtful batch is not settled", ENGINE + "Writer.cs", "if (_batch.Partitions.All(static partition => partition.Frame.Outcome != FrameOutcome.Void))", "if (_batch.Partitions.Count >= 0)"),
    ("a failed batch is not taken back", ENGINE + "Writer.cs", "            _engine.LoadAgain(partition, _batch.Removed);\n", ""),
    ("readers are not told", ENGINE + "Writer.cs", "        if (tell) reader.Notify();".replace("        ", "            "), "            if (tell && reader.Taken % 5 != 3) reader.Notify();"),
    ("an operation is applied twice", ENGINE + "Channels.cs", "if (number <= applied.Last)", "if (number < applied.Last)"),
    ("operations are applied out of order", ENGINE + "Channels.cs", "if (number != applied.Last + 1 ||", "if ("),
    ("a key is not looked for", ENGINE + "PostOperation.cs", "if (_engine.Keys.Find(batch, partition, key) is { } answered && answered.First == epoch)", "if (_engine.Keys.Find(batch, partition, key) is { } answered && answered.First == epoch && answered.Second % 3 != 1)"),
    ("a send's key is not looked for", ENGINE + "PostOperation.cs", "if (_engine.Keys.Find(batch, partition, key) is { } answered) return", "if (_engine.Keys.Find(batch, partition, key) is { } answered && answered.Second > 3) return"),
    ("another body is not noticed", ENGINE + "PostOperation.cs", "return answered.Digest == _digest ? AsDelivered(answered) : new(Outcome.KeyReused);", "return AsDelivered(answered);"),
    ("messages end a second early", ENGINE + "PostOperation.cs", "ExpiryTick.NotBefore(now + live))", "ExpiryTick.NotBefore(now + live - TimeSpan.FromSeconds(1)))"),
    ("an excepted member gets the send", ENGINE + "PostOperation.cs", "if (except.Count > 0 && except.Contains(slot.Name)) continue;", ""),
    ("the last member gets no send", ENGINE + "PostOperation.cs", "for (var i = group.Count - 1; i >= 0; i--)", "for (var i = group.Count - 1; i >= (group.Count > 4 ? 1 : 0); i--)"),
    ("a gap is not told", ENGINE + "MailboxReader.cs", "if (missing.IsEmpty) return true;", "if (missing.IsEmpty || missing.Reason == GapReason.Ttl) { missing = default; return true; }"),
    ("a reader repeats a message", ENGINE + "MailboxReader.cs", "            Taken = entry.Sequence;\n            _window", "            Taken = entry.Sequence - (entry.Sequence % 7 == 0 ? 1 : 0);\n            _window"),
    ("a reader sees what is not stored", ENGINE + "MailboxReader.cs", "_mailbox.State.IndexAfter(_mailbox.Committed)", "_mailbox.State.IndexAfter(_mailbox.State.Marks.Tail)"),
    ("oldest begins behind the oldest", ENGINE + "MailboxReader.cs", "return entries[i].Sequence - 1;", "return entries[i].Sequence;"),
    ("an answer that came counts as recorded", ENGINE + "Channels.cs", "channel.Unsettled.Min, next", "channel.Open.Keys.First(), next"),
    ("reserved numbers are given out again", STORAGE + "MailboxState.cs", "Marks = Marks with { Tail = given };", "_ = given;"),
    ("a power loss forgets what was not synced", STORAGE + "MailboxState.cs", "hasLostPower ? Math.Max(Marks.Reserved, Marks.Unsynced) : Marks.Reserved", "Marks.Reserved"),
    ("a snapshot loses an acknowledgement", LOG + "Snapshot.cs", "to.Varint(marks.Acknowledged);", "to.Varint(Math.Max(0, marks.Acknowledged - 1));"),
    ("an acknowledgement is not stored", ENGINE + "Opening.cs", "        batch.Do(mailbox.Partition, new AcknowledgedRecord(mailbox.Slot, sequence, trim), durability);", "        new AcknowledgedRecord(mailbox.Slot, sequence, trim).Apply(mailbox.Partition.State); batch.Require(durability);"),
    ("a change of members is not stored", ENGINE + "Memberships.cs", "if (added.Count + removed.Count > 0) batch.Do(", "if (added.Count + removed.Count > 0 && removed.Count != 1) batch.Do("),
]


def run(command, cwd, **environment):
    return subprocess.run(command, cwd=cwd, env={**os.environ, "DOTNET_CLI_TELEMETRY_OPTOUT": "1", "DOTNET_NOLOGO": "1", **environment}, capture_output=True, text=True)


def copy():
    to = tempfile.mkdtemp(prefix="mutations.")
    for name in ("Directory.Build.props", "Directory.Packages.props", "BannedSymbols.txt", ".editorconfig"):
        shutil.copy(os.path.join(ROOT, name), to)
    for name in ("src/Mailbox.Engine", "tests/Mailbox.Simulation.Tests"):
        shutil.copytree(os.path.join(ROOT, name), os.path.join(to, name))
    return to


def try_out(name, path, text, replacement, directory, seeds):
    source = os.path.join(directory, path)
    with open(source) as file:
        whole = file.read()
    if whole.count(text) != 1:
        return f"the text stands there {whole.count(text)} times", ""
    with open(source, "w") as file:
        file.write(whole.replace(text, replacement))
    try:
        built = run(["dotnet", "build", "-c", "Release", "-v", "quiet", "--nologo", "-p:TreatWarningsAsErrors=false", "-p:RunAnalyzers=false", "tests/Mailbox.Simulation.Tests/Mailbox.Simulation.Tests.csproj"], directory)
        if built.returncode != 0:
            return "does not build", next((line for line in built.stdout.splitlines() if "error" in line), "")[:200]
        done = run(
            ["timeout", "120", "dotnet", "tests/Mailbox.Simulation.Tests/bin/Release/net10.0/Mailbox.Simulation.Tests.dll", "-noLogo", "-noColor", "-method", "*A_history_breaks_no_rule"],
            directory, MAILBOX_SIMULATION_FIRST="1", MAILBOX_SIMULATION_COUNT=str(seeds), MAILBOX_SIMULATION_LINES="0", MAILBOX_SIMULATION_STOP="1")
        broken = re.findall(r"Seed (\d+): ([^\n]*)", done.stdout)
        if broken:
            seed, what = min(broken, key=lambda one: int(one[0]))
            return seed, what[:110]
        return ("not noticed", "") if done.returncode == 0 else (f"the run ended with {done.returncode}", done.stdout[-200:].replace("\n", " "))
    finally:
        with open(source, "w") as file:
            file.write(whole)


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    wanted = sys.argv[2:]
    directory = copy()
    try:
        print("| mutation | first seed | what it says |\n|---|---|---|", flush=True)
        for name, path, text, replacement in MUTATIONS:
            if wanted and not any(part in name for part in wanted):
                continue
            seed, what = try_out(name, path, text, replacement, directory, seeds)
            print(f"| {name} | {seed} | {what.replace('|', '/')} |", flush=True)
    finally:
        shutil.rmtree(directory)


main()
