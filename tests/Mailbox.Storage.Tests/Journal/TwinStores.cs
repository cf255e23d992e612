using Mailbox.Storage.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Journal;

/// <summary>Does the same random things to a journal and to the memory store, and compares all they know.</summary>
sealed class TwinStores(JournalOptions options, int seed) : IDisposable
{
    static readonly string[] s_groups = ["g1", "g2", "g/3"];

    readonly Random _random = new(seed);
    readonly MemoryStore _memory = new();
    readonly Dictionary<string, TwinMailbox> _mailboxes = [];
    readonly CommitBatch _forJournal = new() { At = StoreDriver.Noon };
    readonly CommitBatch _forMemory = new() { At = StoreDriver.Noon };

    public JournalStore Journal { get; private set; } = JournalStore.Open(options, new FakeTimeProvider(StoreDriver.Noon));

    public void DoSomething()
    {
        for (var left = _random.Next(1, 6); left > 0; left--) AddRecord();
        Commit();
        if (_random.Next(10) == 0) LoadAgain();
    }

    public void Reopen(bool cleanly)
    {
        if (cleanly) Journal.Dispose(); else Journal.Abandon();
        Journal = JournalStore.Open(options, new FakeTimeProvider(StoreDriver.Noon));
        foreach (var mailbox in _mailboxes.Values) Load(mailbox);
    }

    public async Task CompareAsync()
    {
        await StoreComparison.EqualAsync(_memory, Journal, s_groups);
        foreach (var mailbox in _mailboxes.Values) Load(mailbox);
    }

    public void Dispose() => Journal.Dispose();

    void AddRecord()
    {
        var some = _mailboxes.Count < 3 || _random.Next(25) == 0 ? Make() : Some();
        switch (_random.Next(12))
        {
            case 0: RemoveMessage(some); break;
            case 1: Acknowledge(some); break;
            case 2: Both(some, handle => new WrittenMarked(handle, some.Tail)); break;
            case 3: Reserve(some); break;
            case 4: Both(some, handle => new DeadlineMoved(handle, StoreDriver.Tomorrow + some.Tail, false)); break;
            case 5: Both(some, handle => new OptionsSet(handle, MailboxOptions.Default with { MaxMessages = 1 + (int)some.Tail })); break;
            case 6: Membership(some); break;
            case 7: Remember(); break;
            case 8: if (_random.Next(6) == 0) Remove(some); break;
            case 9: SendToMany(); break;
            default: Append([some]); break;
        }
    }

    TwinMailbox Make()
    {
        var name = MailboxName.Parse($"m{_random.Next(200)}");
        if (_mailboxes.TryGetValue(name.ToString(), out var known)) return known;
        var mailbox = new TwinMailbox(new(name, Journal.NewEpoch()), new(name, _memory.NewEpoch()));
        _mailboxes.Add(name.ToString(), mailbox);
        Both(mailbox, handle => new MailboxMade(handle, MailboxOptions.Default, StoreDriver.Tomorrow));
        return mailbox;
    }

    TwinMailbox Some() => _mailboxes.Values.ElementAt(_random.Next(_mailboxes.Count));

    void RemoveMessage(TwinMailbox some)
    {
        var sequence = 1 + _random.NextInt64(some.Tail + 1);
        GapReason? reason = _random.Next(2) == 0 ? GapReason.Overflow : null;
        if (sequence <= some.Tail) Both(some, handle => new MessageRemoved(handle, sequence, reason));
    }

    void Append(TwinMailbox[] targets)
    {
        var body = new string((char)('a' + _random.Next(26)), _random.Next(30) == 0 ? _random.Next(6000) : _random.Next(80));
        var message = StoreDriver.Text(body, _random.Next(4) == 0 ? $"t{_random.Next(3)}" : null);
        foreach (var target in targets) target.Tail = Math.Max(target.Tail + 1, _random.Next(10) == 0 ? target.Reserved : 0);
        _forJournal.Records.Add(StoreDriver.Append(message, [.. targets.Select(target => new Target(target.InJournal, target.Tail))]));
        _forMemory.Records.Add(StoreDriver.Append(message, [.. targets.Select(target => new Target(target.InMemory, target.Tail))]));
    }

    void SendToMany() => Append([.. _mailboxes.Values.Where(_ => _random.Next(3) == 0).DefaultIfEmpty(Some())]);

    void Acknowledge(TwinMailbox some)
    {
        var sequence = 1 + _random.NextInt64(some.Tail + 1);
        var trim = _random.Next(3) == 0 ? sequence / 2 : sequence;
        if (sequence <= some.Tail) Both(some, handle => new Acknowledged(handle, sequence, trim));
    }

    void Reserve(TwinMailbox some)
    {
        some.Reserved = some.Tail + 10;
        var level = _random.Next(2) == 0 ? Durability.Memory : Durability.Process;
        Both(some, handle => new NumbersReserved(handle, some.Reserved, level));
    }

    void Membership(TwinMailbox some)
    {
        var group = s_groups[_random.Next(s_groups.Length)];
        var joins = _random.Next(3) > 0;
        Both(some, handle => joins ? StoreDriver.Join(group, handle) : StoreDriver.Leave(group, handle));
    }

    void Remember()
    {
        var record = new KeyRemembered(new((UInt128)_random.Next(50)), new(1, uint.MaxValue, 2, _random.Next(), -1, 0));
        _forJournal.Records.Add(record);
        _forMemory.Records.Add(record);
    }

    void Remove(TwinMailbox some)
    {
        Both(some, handle => new MailboxRemoved(handle));
        _mailboxes.Remove(some.InMemory.Name.ToString());
    }

    void Both(TwinMailbox mailbox, Func<MailboxHandle, StoreRecord> record)
    {
        _forJournal.Records.Add(record(mailbox.InJournal));
        _forMemory.Records.Add(record(mailbox.InMemory));
    }

    void Commit()
    {
        _forJournal.Durability = _random.Next(4) == 0 ? Durability.Disk : Durability.Process;
        Journal.Commit(_forJournal);
        _memory.Commit(_forMemory);
        Assert.Null(_forJournal.Fenced);
        _forJournal.Records.Clear();
        _forMemory.Records.Clear();
    }

    void LoadAgain()
    {
        if (_mailboxes.Count > 0) Load(Some());
    }

    void Load(TwinMailbox mailbox)
    {
        var name = mailbox.InMemory.Name;
        var (inMemory, inJournal) = (_memory.Load(name)!, Journal.Load(name)!);
        Assert.Equal(mailbox.InJournal.Epoch, inJournal.Handle.Epoch);
        (mailbox.InMemory, mailbox.InJournal, mailbox.Tail) = (inMemory.Handle, inJournal.Handle, inMemory.Marks.Tail);
    }
}
