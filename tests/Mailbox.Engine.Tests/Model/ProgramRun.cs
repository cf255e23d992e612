namespace Mailbox.Engine.Tests;

/// <summary>Runs a program against an engine and the model side by side. What is queued is stored in batches of several operations.</summary>
sealed partial class ProgramRun
{
    static readonly string[] s_names = ["a", "b", "c"];
    static readonly string[] s_groups = ["g", "h"];

    readonly Office _office;
    readonly ModelOffice _model;
    readonly Dictionary<(string, string), (long Until, ModelMailbox Mailbox)> _keys = [];
    readonly List<Action> _checks = [];
    readonly List<ModelReader> _lines = [];
    readonly List<string> _story = [];
    int _bodies;

    public ProgramRun()
    {
        var defaults = new MailboxOptions(TimeSpan.FromMinutes(10), OverflowPolicy.DropOldest, 8, 60);
        _office = new(new() { Mailbox = defaults, CollectAfter = TimeSpan.FromDays(30), TimeToLive = TimeSpan.FromHours(1) });
        _model = new(_office.Time, defaults);
    }

    MailboxEngine Engine => _office.Engine;

    public static void Run(int[] program)
    {
        var run = new ProgramRun();
        try
        {
            foreach (var seed in program) run.Step(new(seed));
            run.Finish();
        }
        catch (Exception fault)
        {
            throw new InvalidOperationException($"{fault.Message}\nThe program:\n{string.Join('\n', run._story)}", fault);
        }
    }

    /// <summary>What is done is told when a program fails.</summary>
    void Tell(FormattableString step) => _story.Add(FormattableString.Invariant(step));

    void Step(Choices choose)
    {
        switch (choose.Next(24))
        {
            case < 7: Deliver(choose, choose.Of(s_names)); break;
            case < 9: Send(choose, choose.Of(s_groups)); break;
            case < 10: ChangeMembers(choose, choose.Of(s_groups)); break;
            case < 12: Open(choose, choose.Of(s_names)); break;
            case < 16: Read(choose); break;
            case < 17: Acknowledge(choose, choose.Of(s_names)); break;
            case < 18: Close(choose); break;
            case < 19: Remove(choose, choose.Of(s_names)); break;
            case < 21: Wait(choose); break;
            case < 22: SetOptions(choose, choose.Of(s_names)); break;
            case < 23: if (choose.OneIn(3)) Restart(); else if (choose.OneIn(3)) ToggleFull(); break;
            default: Compare(choose.Of(s_names)); break;
        }
        if (_office.Store.IsFull || !choose.OneIn(3)) Flush();
    }

    void Finish()
    {
        Flush();
        foreach (var name in s_names) Compare(name);
        Flush();
        foreach (var line in _lines.ToArray()) Take(line, thenWrite: true);
        foreach (var group in s_groups) Assert.Equal(string.Join(' ', _model.MembersOf(group).Order(StringComparer.Ordinal)), _office.Members(group) ?? "");
        foreach (var name in s_names) Peek(name);
        Assert.Empty(_office.Faults);
    }

    /// <summary>Waits for the batch that the question goes with. What is expected was fixed when it was asked.</summary>
    void Ask<T>(Task<T> question, Action<T> check)
    {
        _checks.Add(() => check(question.GetAwaiter().GetResult()));
        // A send takes a step more in other partitions than its home: what is asked meanwhile may come before it or after it.
        if (Engine.Partitions.Count == 1) return;
        _office.Finish(question);
        Flush();
    }

    void Flush()
    {
        if (_checks.Count > 0) Tell($"the batch is stored");
        _office.StepAll();
        foreach (var check in _checks.ToArray()) check();
        _checks.Clear();
    }

    /// <summary>On a full disk the answer decides whether the model follows.</summary>
    bool IsRefused<T>(Task<T> question, T refusal) => _office.Store.IsFull && Equals(_office.Ask(new ValueTask<T>(question)), refusal);

    void Expect(string name, ModelMailbox mailbox, Position position)
    {
        if (mailbox.Epoch == 0) mailbox.Epoch = position.Epoch;
        Assert.Equal(mailbox.Epoch, position.Epoch);
        _model.Positions[name] = position;
    }

    void Compare(string name)
    {
        var mailbox = _model.Find(name);
        mailbox?.EndOfTime(_model.Seconds);
        if (mailbox is null) Ask(Engine.GetAsync(Office.Name(name)).AsTask(), Assert.Null);
        else Ask(Engine.GetAsync(Office.Name(name)).AsTask(), Expected(name, mailbox));
    }

    Action<MailboxInfo?> Expected(string name, ModelMailbox mailbox)
    {
        var (tail, acknowledged, count, bytes) = (mailbox.Tail, mailbox.Acknowledged, mailbox.Kept.Count(), mailbox.Kept.Sum(one => one.Body.Length));
        var (readers, groups, expires) = (mailbox.Readers.Count, mailbox.Groups.Order().ToArray(), _model.Expires(mailbox));
        return info =>
        {
            Assert.NotNull(info);
            Expect(name, mailbox, info.Last);
            Assert.Equal((tail, acknowledged, readers), (info.Last.Sequence, info.Acknowledged.Sequence, info.Connections));
            Assert.Equal((count, bytes), (info.Messages, info.Bytes));
            Assert.Equal(groups, info.Groups.Select(group => group.ToString()).Order());
            Assert.Equal(expires, info.Expires.ToUnixTimeMilliseconds());
        };
    }

    void Peek(string name)
    {
        if (_model.Find(name) is not { } mailbox) return;
        var expected = mailbox.After(mailbox.BeforeOldest(_model.Seconds));
        var readable = expected.Where(message => message.Number > mailbox.Acknowledged && message.IsReadable(_model.Seconds, mailbox.Tail)).Select(message => message.Body);
        var told = _office.Peek(name).Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => !word.Contains('[') && !word.Contains(']'));
        Assert.Equal(readable, told);
    }
}
