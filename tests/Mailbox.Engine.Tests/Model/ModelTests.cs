using FsCheck;
using FsCheck.Fluent;

namespace Mailbox.Engine.Tests;

/// <summary>
/// Random programs of backends, readers, time, restarts and full disks against the model. A failure prints its seed and the shortest
/// program that fails.
/// </summary>
public sealed class ModelTests
{
    const int Programs = 1000;
    const int LongPrograms = 20_000;
    const int Steps = 60;

    static bool IsLong => Environment.GetEnvironmentVariable("MAILBOX_LONG_TESTS") == "1";

    [Fact, Trait("Rule", "M3"), Trait("Rule", "M10"), Trait("Rule", "M11"), Trait("Rule", "G4")]
    public void The_engine_does_what_the_model_does()
    {
        var steps = Gen.Choose(0, int.MaxValue - 1).ArrayOf(Steps);
        var programs = Arb.From(steps, Shrunk);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(IsLong ? LongPrograms : Programs), Prop.ForAll(programs, ProgramRun.Run));
    }

    /// <summary>Halves, quarters, ... and single steps left out; the steps themselves do not shrink.</summary>
    static IEnumerable<int[]> Shrunk(int[] program)
    {
        for (var size = program.Length / 2; size > 0; size /= 2)
            for (var at = 0; at + size <= program.Length; at += size) yield return [.. program[..at], .. program[(at + size)..]];
    }
}
