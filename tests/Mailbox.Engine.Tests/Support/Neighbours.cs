namespace Mailbox.Engine.Tests;

/// <summary>Two engines beside each other, on one store.</summary>
sealed class Neighbours
{
    int _started;

    public Neighbours()
    {
        One = Start();
        Two = Start();
    }

    public SharedRows Rows { get; } = new();

    public FakeTime Time { get; } = new();

    public Office One { get; private set; }

    public Office Two { get; private set; }

    /// <summary>The first process dies and another starts; the second notices.</summary>
    public void CrashOne()
    {
        Rows.Forget(One.Store.Owner!, One.Engine.Clock.Now);
        One = Start();
    }

    public void CrashTwo()
    {
        Rows.Forget(Two.Store.Owner!, Two.Engine.Clock.Now);
        Two = Start();
    }

    public string? OwnerOf(string mailbox) => Rows.OwnerOf(Office.Name(mailbox));

    Office Start() => new(new() { OwnsAll = false }, new TestStore(new SharedStore(Rows, $"silo-{++_started}")), Time);
}
