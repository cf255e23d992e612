namespace Mailbox.Engine.Tests;

/// <summary>A connection's end of a reader that breaks its word not to throw.</summary>
public sealed class SignalTests
{
    readonly Office _office = new();

    [Fact, Trait("Rule", "M17")]
    public void A_signal_that_throws_ends_its_reader_and_nothing_else()
    {
        var broken = _office.Ask(_office.Engine.OpenAsync(Office.Name("a"), new(), new Broken(), TestContext.Current.CancellationToken)).Reader!;
        var line = _office.Open("a");
        Assert.Equal(ReadStatus.Empty, broken.TryRead([]));
        Assert.Equal("", line.Read());
        Assert.Equal(Outcome.Stored, _office.Deliver("a", "1").Outcome);
        Assert.Equal(Outcome.Stored, _office.Deliver("a", "2").Outcome);
        Assert.Equal("1 2", line.Read());
        Assert.Equal((ReadStatus.Ended, Ending.Unavailable), (broken.TryRead([]), broken.Ending));
        Assert.Equal(1, _office.Look("a")!.Connections);
        Assert.IsType<InvalidOperationException>(Assert.Single(_office.Faults));
    }

    [Fact, Trait("Rule", "M18")]
    public void A_signal_that_throws_when_its_mailbox_goes_delays_nobody()
    {
        var broken = _office.Ask(_office.Engine.OpenAsync(Office.Name("a"), new(), new Broken(), TestContext.Current.CancellationToken)).Reader!;
        Assert.Equal(ReadStatus.Empty, broken.TryRead([]));
        Assert.Equal(Outcome.Stored, _office.Remove("a"));
        Assert.Equal(Outcome.Stored, _office.Deliver("a", "1").Outcome);
        broken.TryRead([]);
        Assert.Equal(Ending.Deleted, broken.Ending);
    }

    sealed class Broken : IReaderSignal
    {
        public void Ready() => throw new InvalidOperationException("The signal was made to fail.");
    }
}
