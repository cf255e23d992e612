using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>Reports every option that is out of the range its property declares.</summary>
sealed class RangeValidation<T> : IValidateOptions<T> where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        var faults = OptionRanges.FaultsOf(options, typeof(T).Name).ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
