#pragma once

#include <snapscale/privileged.hpp>
