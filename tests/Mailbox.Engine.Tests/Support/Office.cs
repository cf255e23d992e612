using System.Text;

namespace Mailbox.Engine.Tests;

/// <summary>
/// An engine whose writer steps when it is asked something, on a store that survives it, with time that stands still. What it is asked
/// goes through <see cref="Grid"/>: the engine itself, unless a suite puts something between.
/// </summary>
sealed partial class Office
{
    bool _isStepping;

    public Office(EngineOptions? options = null, TestStore? store = null, FakeTime? time = null)
    {
        (Options, Store, Time) = (options ?? new(), store ?? new(), time ?? new());
        Grid = Engine = Start();
        Surround();
    }

    public EngineOptions Options { get; }

    public TestStore Store { get; }

    public FakeTime Time { get; }

    public MailboxEngine Engine { get; private set; }

    public IMailboxGrid Grid { get; private set; }

    /// <summary>Faults that the engine reported; a test that expects none asserts that it is empty.</summary>
    public List<Exception> Faults { get; } = [];

    public static MailboxName Name(string name) => MailboxName.Parse(name);

    public static GroupName Group(string name) => GroupName.Parse(name);

    public static MessageDraft Draft(string body) => new() { Body = Encoding.UTF8.GetBytes(body) };

    public static MessageDraft Draft(int size) => new() { Body = new byte[size] };

    /// <summary>Steps the writer until it has nothing to do, and returns the answer.</summary>
    public T Ask<T>(ValueTask<T> question)
    {
        var asked = question.AsTask();
        Finish(asked);
        return asked.GetAwaiter().GetResult();
    }

    public void Finish(Task asked)
    {
        StepAll();
        // What asks more than once goes on in a thread of the pool.
        var spin = new SpinWait();
        while (!asked.IsCompleted) if (!Step()) spin.SpinOnce();
        StepAll();
    }

    /// <summary>Steps the writer until nothing is on its way any more; within a step, does nothing.</summary>
    public void StepAll()
    {
        var spin = new SpinWait();
        while (!_isStepping && !IsQuiet()) spin.SpinOnce();
    }

    bool IsQuiet()
    {
        while (Step()) { }
        var isQuiet = true;
        Listen(ref isQuiet);
        return isQuiet && !Step();
    }

    bool Step()
    {
        _isStepping = true;
        var hasStepped = Engine.Step();
        _isStepping = false;
        return hasStepped;
    }

    /// <summary>Puts something between the tests and the engine.</summary>
    partial void Surround();

    /// <summary>Says whether what was put there has passed everything on.</summary>
    partial void Listen(ref bool isQuiet);

    public DeliverResult Deliver(string mailbox, string body) => Deliver(mailbox, Draft(body));

    public DeliverResult Deliver(string mailbox, MessageDraft draft) => Ask(Grid.DeliverAsync(Name(mailbox), draft));

    public void DeliverAll(string mailbox, params string[] bodies)
    {
        foreach (var body in bodies) Deliver(mailbox, body);
    }

    public SendResult Send(string group, string body, params string[] except) => Send(group, Draft(body), except);

    public SendResult Send(string group, MessageDraft draft, params string[] except) =>
        Ask(Grid.SendAsync(Group(group), draft, [.. except.Select(Name)]));

    public PostResult Post(MessageDraft draft, string[] to, string[] groups, params string[] except) =>
        Ask(Grid.PostAsync(new(draft, [.. to.Select(Name)], [.. groups.Select(Group)], [.. except.Select(Name)])));

    public MembersResult Join(string group, params string[] members) =>
        Ask(Grid.ChangeMembersAsync(Group(group), [.. members.Select(Name)], []));

    public MembersResult Leave(string group, params string[] members) =>
        Ask(Grid.ChangeMembersAsync(Group(group), [], [.. members.Select(Name)]));

    public string? Members(string group) =>
        Ask(Grid.GetGroupAsync(Group(group), null, 1000)) is { } page ? string.Join(' ', page.Members) : null;

    public MailboxInfo? Look(string mailbox) => Ask(Grid.GetAsync(Name(mailbox)));

    public Outcome Set(string mailbox, MailboxOptionsChange change) => Ask(Grid.SetOptionsAsync(Name(mailbox), change));

    public AcknowledgeOutcome Acknowledge(string mailbox, Position position) => Ask(Grid.AcknowledgeAsync(Name(mailbox), position));

    public Outcome Remove(string mailbox) => Ask(Grid.RemoveAsync(Name(mailbox)));

    public Outcome Delete(string mailbox, Position position) => Ask(Grid.DeleteMessageAsync(Name(mailbox), position));

    /// <summary>A held connection.</summary>
    public Line Open(string mailbox, OpenRequest? request = null)
    {
        var (result, bell) = TryOpen(mailbox, request);
        Assert.Equal(OpenOutcome.Opened, result.Outcome);
        return new(result.Reader!, bell, StepAll);
    }

    public (OpenResult Result, Bell Bell) TryOpen(string mailbox, OpenRequest? request = null)
    {
        var bell = new Bell();
        return (Ask(Grid.OpenAsync(Name(mailbox), request ?? new(), bell)), bell);
    }

    public Line Open(string mailbox, StartFrom from) => Open(mailbox, new OpenRequest { From = from });

    public Line Open(string mailbox, Position after) => Open(mailbox, new OpenRequest { After = after });

    /// <summary>Opens without holding, reads everything, writes it and leaves.</summary>
    public string Poll(string mailbox, OpenRequest? request = null)
    {
        var reader = Ask(Grid.OpenAsync(Name(mailbox), request ?? new() { WindowMessages = 1000 }, null)).Reader!;
        var told = new Line(reader, new(), StepAll).Read();
        reader.Close();
        return told;
    }

    public string Poll(string mailbox, StartFrom from) => Poll(mailbox, new OpenRequest { From = from });

    public string Poll(string mailbox, Position after) => Poll(mailbox, new OpenRequest { After = after });

    /// <summary>Reads everything kept and leaves no trace of it.</summary>
    public string Peek(string mailbox)
    {
        var reader = Ask(Grid.OpenAsync(Name(mailbox), new() { From = StartFrom.Oldest, WindowMessages = 1000, WindowBytes = 1 << 30 }, null)).Reader!;
        return new Line(reader, new(), StepAll).Take();
    }

    public void Close(Line line)
    {
        line.Reader.Close();
        StepAll();
    }

    /// <summary>Time passes, with the maintenance of each second.</summary>
    public void Wait(TimeSpan time)
    {
        var second = TimeSpan.FromSeconds(1);
        for (; time > TimeSpan.Zero && time <= TimeSpan.FromMinutes(3); time -= second) Pass(time < second ? time : second);
        if (time <= TimeSpan.Zero) return;
        Pass(time);
        Maintain();
    }

    public void Maintain()
    {
        Engine.Maintain();
        StepAll();
    }

    /// <summary>The process dies and another starts on the same store.</summary>
    public void Restart()
    {
        Grid = Engine = Start();
        Surround();
    }

    void Pass(TimeSpan time)
    {
        Time.Advance(time);
        Maintain();
    }

    MailboxEngine Start()
    {
        var engine = new MailboxEngine(Store, Options, Time);
        engine.Faulted += Faults.Add;
        var owning = engine.OwnAsync([.. Enumerable.Range(0, Store.Partitions)], "");
        while (engine.Step()) { }
        owning.GetAwaiter().GetResult();
        return engine;
    }
}
