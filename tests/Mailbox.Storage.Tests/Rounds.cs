namespace Mailbox.Storage.Tests;

/// <summary>How often a randomised test runs: more where MAILBOX_LONG_TESTS is set.</summary>
static class Rounds
{
    public static bool AreLong { get; } = Environment.GetEnvironmentVariable("MAILBOX_LONG_TESTS") == "1";

    public static int Of(int normal, int @long) => AreLong ? @long : normal;
}
