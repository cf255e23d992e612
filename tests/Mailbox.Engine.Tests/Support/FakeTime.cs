using Microsoft.Extensions.Time.Testing;

namespace Mailbox.Engine.Tests;

/// <summary>Time that passes when a test says so, with a wall clock that can be set apart from the monotonic one.</summary>
sealed class FakeTime() : FakeTimeProvider(new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero))
{
    long _steps;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _steps));

    /// <summary>The base class takes it from the wall clock.</summary>
    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    /// <summary>Sets the wall clock forward or back; timers and the monotonic clock do not notice.</summary>
    public void StepWallClock(TimeSpan by) => Interlocked.Add(ref _steps, by.Ticks);
}
