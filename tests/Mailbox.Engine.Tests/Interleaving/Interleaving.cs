namespace Mailbox.Engine.Tests;

/// <summary>
/// Runs deliveries, readers, maintenance and the writer on one thread, and lets others go on wherever the writer holds no lock:
/// between plan and commit, between commit and publication, and at each signal.
/// </summary>
sealed class Interleaving
{
    public static readonly MailboxName Mailbox = Office.Name("a");

    readonly Chooser _choose;
    readonly Plot _plot;
    readonly List<Actor> _actors = [];
    readonly List<Task<DeliverResult>> _deliveries = [];
    int _maintenances;
    int _failures;
    bool _isQueued;
    bool _isInterrupted;

    public Interleaving(Plot plot, Chooser choose)
    {
        (_plot, _choose, _maintenances) = (plot, choose, plot.Maintenances);
        for (var i = 0; i < plot.Before; i++) Deliver();
        // They hold the mailbox from the beginning: whatever the first reader acknowledges is kept for them.
        for (var i = 0; i < plot.Watchers; i++) _actors.Add(new(this, window: 1 + i, reopens: 0));
        foreach (var watcher in _actors) watcher.Step(choose);
        StepWriter();
        _actors.Add(new(this, window: 2, plot.Reopens));
        Office.Store.Committing = Interrupt;
        Office.Store.Committed = Interrupt;
        _failures = plot.Failures;
    }

    public Office Office { get; } = new();

    /// <summary>Of the writer.</summary>
    public int Steps { get; private set; }

    public static void Run(Plot plot, Chooser choose)
    {
        var scene = new Interleaving(plot, choose);
        while (scene.Act(mayStepWriter: true)) { }
        scene.AssertAllArrived();
    }

    public void NoteQueued() => _isQueued = true;

    /// <summary>The writer is somewhere in between: others may go on.</summary>
    public void Interrupt()
    {
        if (_isInterrupted) return;
        _isInterrupted = true;
        while (_choose.Next(2) == 1 && Act(mayStepWriter: false)) { }
        _isInterrupted = false;
    }

    /// <summary>One of those who can do something does. False where nobody can.</summary>
    bool Act(bool mayStepWriter)
    {
        var able = _actors.Where(actor => actor.CanStep).Select(actor => (Action)(() => actor.Step(_choose))).ToList();
        if (mayStepWriter && _isQueued) able.Add(StepWriter);
        if (_deliveries.Count < _plot.Before + _plot.Messages) able.Add(Deliver);
        if (_maintenances > 0) able.Add(Maintain);
        if (able.Count == 0) return false;
        able[_choose.Next(able.Count)]();
        return true;
    }

    void Deliver()
    {
        _deliveries.Add(Office.Engine.DeliverAsync(Mailbox, Office.Draft($"{_deliveries.Count + 1}")).AsTask());
        NoteQueued();
    }

    void Maintain()
    {
        _maintenances--;
        Office.Engine.Maintain();
        NoteQueued();
    }

    void StepWriter()
    {
        _isQueued = false;
        Steps++;
        if (_failures > 0 && _choose.Next(2) == 1)
        {
            _failures--;
            Office.Store.IsFull = true;
        }
        Office.Engine.Step();
        Office.Store.IsFull = false;
        foreach (var actor in _actors) actor.Notice();
    }

    void AssertAllArrived()
    {
        var answers = _deliveries.Select((delivery, i) => (Body: $"{i + 1}", Answer: delivery.GetAwaiter().GetResult())).ToArray();
        var stored = answers.Where(one => one.Answer.Outcome == Outcome.Stored).ToArray();
        Assert.Equal(Enumerable.Range(1, stored.Length), stored.Select(one => (int)one.Answer.Position.Sequence));
        foreach (var actor in _actors) Assert.Equal(stored.Select(one => one.Body), actor.Received);
        Assert.Empty(Office.Faults);
    }
}
