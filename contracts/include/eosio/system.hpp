#pragma once

#include <snapscale/system.hpp>
