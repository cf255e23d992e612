using Mailbox.Proof.Load;
using Xunit;

namespace Mailbox.Proof.Tests;

/// <summary>The load behaves as a backend should that is refused.</summary>
public sealed class PausesTests
{
    [Fact]
    public void Pauses_double_up_to_two_seconds_and_are_up_to_half_as_long_again()
    {
        var pauses = new Pauses();
        foreach (var milliseconds in new[] { 150, 300, 600, 1200, 2000, 2000 })
            Assert.InRange(pauses.Next(TimeSpan.Zero).TotalMilliseconds, milliseconds, milliseconds * 1.5);
    }

    [Fact]
    public void No_pause_is_shorter_than_the_server_asked_for_nor_much_longer()
    {
        var pauses = new Pauses();
        for (var i = 0; i < 10; i++) Assert.InRange(pauses.Next(TimeSpan.FromSeconds(5)).TotalSeconds, 5, 6);
    }
}
