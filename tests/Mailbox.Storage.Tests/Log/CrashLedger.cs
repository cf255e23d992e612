using System.Text;
using Mailbox.CrashChild;
using Mailbox.Engine;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>What the killed processes told, and whether an engine that loads their directory has it.</summary>
/// <param name="keeps">What was answered survives the process; else its numbers alone do, which must not be given out again.</param>
sealed class CrashLedger(bool keeps)
{
    readonly HashSet<string> _asked = [];
    readonly Dictionary<string, bool> _sends = [];
    readonly Dictionary<string, CrashMailbox> _mailboxes = Load.Members.Concat(Load.Others).ToDictionary(static name => name.ToString(), static _ => new CrashMailbox());

    /// <summary>How many requests were answered.</summary>
    public int Answers { get; private set; }

    public void Note(string line)
    {
        var words = line.Split(' ');
        switch (words)
        {
            case ["ready"]: return;
            case ["deliver", _, var name]:
                Assert.True(_asked.Add(name));
                return;
            case ["send", var name]:
                Assert.True(_asked.Add(name));
                _sends.Add(name, false);
                return;
            case ["acknowledge", var mailbox, var position]:
                _mailboxes[mailbox].NoteAsked(PositionOf(position).Sequence);
                return;
            case ["delivered", var mailbox, var name, nameof(Outcome.Stored), var position]: _mailboxes[mailbox].NoteGiven(PositionOf(position), name); break;
            case ["sent", var name, nameof(Outcome.Stored), var stored]:
                Assert.Equal($"{Load.Members.Count}", stored);
                _sends[name] = true;
                break;
            case ["acknowledged", var mailbox, var position, nameof(AcknowledgeOutcome.Acknowledged)]: _mailboxes[mailbox].NoteAcknowledged(PositionOf(position).Sequence); break;
            default:
                Assert.Fail($"The process told: {line}");
                return;
        }
        Answers++;
    }

    public async Task CheckAsync(MailboxEngine engine)
    {
        var found = new Dictionary<string, int>();
        foreach (var (name, mailbox) in _mailboxes)
        {
            if (await engine.GetAsync(MailboxName.Parse(name)) is not { } info)
            {
                Assert.True(mailbox.IsUntouched, $"{name} is gone.");
                continue;
            }
            var messages = await ReadAsync(engine, MailboxName.Parse(name), info.Acknowledged);
            Assert.Equal(info.Messages, messages.Count);
            foreach (var message in messages)
            {
                Assert.Contains(message.Name, _asked);
                if (_sends.ContainsKey(message.Name)) found[message.Name] = found.GetValueOrDefault(message.Name) + 1;
            }
            mailbox.Check(name, info, messages, keeps);
        }
        foreach (var (name, isAnswered) in _sends)
        {
            var copies = found.GetValueOrDefault(name);
            Assert.True(copies == Load.Members.Count || (copies == 0 && !(isAnswered && keeps)), $"{copies} of {Load.Members.Count} members have {name}, answered: {isAnswered}.");
        }
        // The next process acknowledges messages of this one.
        _sends.Clear();
    }

    static async Task<List<CrashMessage>> ReadAsync(MailboxEngine engine, MailboxName mailbox, Position after)
    {
        var opened = await engine.OpenAsync(mailbox, new() { After = after, WindowMessages = 1000, WindowBytes = 1 << 30 }, null);
        Assert.Equal(OpenOutcome.Opened, opened.Outcome);
        var reader = opened.Reader!;
        var received = new List<Received>();
        for (var status = ReadStatus.Read; status != ReadStatus.Empty; status = reader.TryRead(received))
        {
            Assert.NotEqual(ReadStatus.Ended, status);
            if (status == ReadStatus.Cold) await reader.LoadAsync();
            if (status == ReadStatus.WindowFull) reader.Written();
        }
        reader.Close();
        Assert.All(received, static one => Assert.True(one.Gap is null or { Reason: GapReason.Lost }, $"{one.Gap}"));
        return [.. received.Where(static one => one.Message is not null).Select(static one => new CrashMessage(one.Position, NameOf(one.Message!)))];
    }

    /// <summary>The body is the name and what fills it up.</summary>
    static string NameOf(Message message) => Encoding.ASCII.GetString(message.Body.Span).Split(' ')[0];

    static Position PositionOf(string text)
    {
        Assert.True(Position.TryParse(text, out var position));
        return position;
    }
}

readonly record struct CrashMessage(Position Position, string Name);

/// <summary>What is known of one mailbox.</summary>
sealed class CrashMailbox
{
    // Of all processes so far: no number may be given twice, and no message twice a number.
    readonly Dictionary<long, string> _given = [];
    readonly Dictionary<string, long> _numbers = [];
    ulong? _epoch;
    long _asked;
    long _acknowledged;

    public bool IsUntouched => _given.Count == 0 && _acknowledged == 0;

    /// <summary>A message was answered, or found in the directory: it is stored from now on.</summary>
    public void NoteGiven(Position position, string name)
    {
        Assert.Equal(_epoch ??= position.Epoch, position.Epoch);
        Assert.True(_given.TryAdd(position.Sequence, name) || _given[position.Sequence] == name, $"Number {position} was given to {_given[position.Sequence]} and to {name}.");
        Assert.True(_numbers.TryAdd(name, position.Sequence) || _numbers[name] == position.Sequence, $"{name} has number {_numbers[name]} and {position}.");
    }

    public void NoteAsked(long sequence) => _asked = Math.Max(_asked, sequence);

    public void NoteAcknowledged(long sequence) => _acknowledged = Math.Max(_acknowledged, sequence);

    public void Check(string name, MailboxInfo info, List<CrashMessage> messages, bool keeps)
    {
        Assert.InRange(info.Acknowledged.Sequence, _acknowledged, _asked);
        _acknowledged = info.Acknowledged.Sequence;
        foreach (var message in messages) NoteGiven(message.Position, message.Name);
        var numbers = messages.ConvertAll(static message => message.Position.Sequence);
        Assert.Equal(numbers.Order(), numbers);
        Assert.All(numbers, number => Assert.InRange(number, _acknowledged + 1, info.Last.Sequence));
        var there = numbers.ToHashSet();
        foreach (var (number, message) in _given)
        {
            if (number <= _acknowledged) continue;
            Assert.InRange(number, 1, info.Last.Sequence);
            Assert.True(!keeps || there.Contains(number), $"{message} with number {number} is not in {name}.");
        }
        // Each worker has waited for the answer before it went on.
        foreach (var worker in messages.GroupBy(static message => message.Name[..message.Name.LastIndexOf('-')]))
        {
            var order = worker.Select(static message => int.Parse(message.Name[(message.Name.LastIndexOf('-') + 1)..], null)).ToList();
            Assert.Equal(order.Order(), order);
        }
    }
}
