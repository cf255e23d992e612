namespace Mailbox.Proof.Checking;

/// <summary>Every promise that is checked.</summary>
static class Verdict
{
    static readonly ICheck[] s_checks =
        [new ContentCheck(), new OrderCheck(), new DeliveryCheck(), new SendCheck(), new GroupOrderCheck(), new MembershipCheck()];

    public static IReadOnlyList<string> Of(Evidence evidence) => [.. s_checks.SelectMany(check => check.Breaches(evidence))];
}
