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
    const ulong Seed = 9_803_450_211_376_553_021;
    const ulong Gamma = 11_400_714_819_323_198_485;

    static bool IsLong => Environment.GetEnvironmentVariable("MAILBOX_LONG_TESTS") == "1";

    [Fact, Trait("Rule", "M3"), Trait("Rule", "M10"), Trait("Rule", "M11"), Trait("Rule", "G4")]
    public void The_engine_does_what_the_model_does()
    {
        var steps = Gen.Choose(0, int.MaxValue - 1).ArrayOf(Steps);
        var programs = Arb.From(steps, Shrunk);
        // The long run looks for new programs; the normal one says whether a change broke what held.
        var config = IsLong ? Config.QuickThrowOnFailure.WithMaxTest(LongPrograms) : Config.QuickThrowOnFailure.WithMaxTest(Programs).WithReplay(Seed, Gamma);
        Check.One(config, Prop.ForAll(programs, ProgramRun.Run));
    }

    /// <summary>Halves, quarters, ... and single steps left out; the steps themselves do not shrink.</summary>
    static IEnumerable<int[]> Shrunk(int[] program)
    {
        for (var size = program.Length / 2; size > 0; size /= 2)
            for (var at = 0; at + size <= program.Length; at += size) yield return [.. program[..at], .. program[(at + size)..]];
    }
}
